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

  const failing = () => {
    throw new Error("no stack");
  };
  it.each([() => "nothing", () => ({}), failing])("is that also where the application writes stacks by %s", (write) => {
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = write;
    try {
      expect(ownUrl()).toBe(new URL("own-url.ts", import.meta.url).href);
      expect(Error.prepareStackTrace).toBe(write);
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });
});
