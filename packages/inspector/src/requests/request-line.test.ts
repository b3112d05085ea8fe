import { describe, expect, it } from "vitest";
import type { RequestDetail } from "../view-model.ts";
import { lineOf } from "./request-line.ts";

const problem = { title: "get: 5 calls in a loop, one after another.", at: { file: "src/feed.ts", line: 30 } };
const request = (more: object): RequestDetail =>
  ({
    ...{ id: "a-1", method: "GET", route: "/feed", status: 200, totalMs: 26.74, roundTrips: 6, possibleRoundTrips: 2 },
    problems: [problem],
    ...more,
  }) as unknown as RequestDetail;

describe("lineOf", () => {
  it("says what was asked, what it took, what could be, and where", () => {
    expect(lineOf(request({}), "/_tickpipe")).toBe(
      "GET /feed 200, 26.7 ms: 6 round trips, 2 possible. get: 5 calls in a loop, one after another (src/feed.ts:30). /_tickpipe/r/a-1",
    );
  });

  it("leaves out what cannot be spared, and a place that is not known", () => {
    const found = { title: "get: a reply of about 90 KiB.", at: null };
    expect(lineOf(request({ roundTrips: 1, possibleRoundTrips: 1, problems: [found, found] }), "")).toBe(
      "GET /feed 200, 26.7 ms: 1 round trip. get: a reply of about 90 KiB. get: a reply of about 90 KiB. /r/a-1",
    );
  });

  it("is nothing without a finding", () => {
    expect(lineOf(request({ problems: [] }), "/_tickpipe")).toBeNull();
  });

  it("names scopes, and requests whose browser hung up", () => {
    expect(lineOf(request({ method: null, route: "nightly" }), "")).toMatch(/^nightly, /);
    expect(lineOf(request({ status: null }), "")).toMatch(/^GET \/feed hung up, /);
  });

  it("gives a terminal nothing to obey", () => {
    expect(lineOf(request({ route: "/\u001b[2J\r\nx" }), "")).toMatch(/^GET \/\?\[2J\?\?x 200/);
  });
});
