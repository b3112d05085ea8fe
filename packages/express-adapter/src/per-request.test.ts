import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { perRequest } from "./per-request.ts";

const redis = new Redis({ lazyConnect: true });

const reserved = ["query", "body", "headers", "socket", "get", "ip", "toString", "__proto__", "session"];
const refused: [options: unknown, said: string][] = [
  [null, "Expected the options of perRequest() to be an object"],
  [[], "Expected the options of perRequest() to be an object"],
  ["redis", "Expected the options of perRequest() to be an object"],
  [{ propety: "x" }, 'no option named by the string "propety"'],
  [{ ambient: 1 }, 'Expected option "ambient" of perRequest() to be "observe", true or false'],
  [{ onSummary: "log" }, 'Expected option "onSummary" of perRequest() to be a function that takes a summary'],
  [{ property: 5 }, 'Expected option "property" of perRequest() to be the name of a property'],
  [{ property: "" }, 'Expected option "property" of perRequest() to be the name of a property'],
  ...reserved.map((property): [unknown, string] => [{ property }, "that neither Node nor Express uses on requests"]),
];

describe("perRequest", () => {
  it.each(refused)("refuses the options %j at creation", (options, said) => {
    const attempt = () => perRequest(redis, options as never);
    expect(attempt).toThrow(TypeError);
    expect(attempt).toThrow(expect.objectContaining({ code: "ERR_TICKPIPE_INVALID_OPTION" }));
    expect(attempt).toThrow(said);
  });

  it("refuses what is not a client at creation", () => {
    expect(() => perRequest({} as never)).toThrow(expect.objectContaining({ code: "ERR_TICKPIPE_INVALID_CLIENT" }));
  });
});
