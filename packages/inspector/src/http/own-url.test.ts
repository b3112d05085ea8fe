import { afterEach, describe, expect, it } from "vitest";
import { ownUrl } from "./own-url.ts";

const { stackTraceLimit } = Error;
afterEach(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe("ownUrl", () => {
  it.each([10, 0])("is that of its file, also where errors have %i frames, which stays so", (limit) => {
    Error.stackTraceLimit = limit;
    expect(ownUrl()).toBe(new URL("own-url.ts", import.meta.url).href);
    expect(Error.stackTraceLimit).toBe(limit);
  });

  it("throws where stacks are written in a way that does not tell", () => {
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = () => "nothing";
    try {
      expect(ownUrl).toThrow("A stack does not tell where @tickpipe/inspector is.");
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });
});
