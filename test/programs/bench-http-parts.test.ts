import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readOptions } from "../../benchmarks/src/http/options.ts";
import { pace } from "../../benchmarks/src/http/pacing.ts";
import { untilAnswered } from "../../benchmarks/src/http/running-load.ts";
import { expectSeededValues } from "../../benchmarks/src/http/values.ts";

describe("a paced connection", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A connection that autocannon opens at once, and when it sent. */
  function open(first: number, interval: number) {
    const sentAt: number[] = [];
    const start = performance.now();
    const connection = Object.assign(new EventEmitter(), {
      _doRequest: () => {
        sentAt.push(performance.now() - start);
      },
    });
    const paced = pace(connection as unknown as Parameters<typeof pace>[0], start + first, interval);
    connection._doRequest();
    return { connection, sentAt, paced };
  }

  it("sends at even intervals, however early the replies are", () => {
    const { connection, sentAt, paced } = open(10, 25);
    for (let i = 0; i < 4; i++) {
      vi.advanceTimersByTime(25);
      connection._doRequest();
    }
    expect(sentAt).toEqual([10, 35, 60, 85]);
    expect(paced.behindMillis).toBe(0);
  });

  it("sends at once after a late reply, counts from when the request was due, and catches up", () => {
    const { connection, sentAt, paced } = open(0, 25);
    const behind = [];
    for (const replyAfter of [60, 1, 1]) {
      vi.advanceTimersByTime(replyAfter);
      connection._doRequest();
      behind.push(paced.behindMillis);
    }
    vi.advanceTimersByTime(100);
    behind.push(paced.behindMillis);
    // Due at 0, 25, 50 and 75; the last reply came in time.
    expect(sentAt).toEqual([0, 60, 61, 75]);
    expect(behind).toEqual([35, 11, 11, 0]);
  });

  it("sends nothing more when it is done", () => {
    const { connection, sentAt } = open(10, 25);
    connection.emit("done");
    vi.advanceTimersByTime(1000);
    expect(sentAt).toEqual([]);
  });
});

describe("an app's answer", () => {
  it.each([
    ["the values from the first key on", { first: 2, values: ["value 0000000002", "value 0000000003"] }, false],
    ["too few values", { first: 2, values: ["value 0000000002"] }, true],
    ["a value of another key", { first: 2, values: ["value 0000000002", "value 0000000002"] }, true],
    ["a missing value", { first: 2, values: ["value 0000000002", null] }, true],
  ])("is checked when it holds %s", (_name, body, isWrong) => {
    const check = () => expectSeededValues(body, 2);
    if (isWrong) expect(check).toThrow("other values");
    else expect(check).not.toThrow();
  });
});

describe("a slice of load", () => {
  const answered = { requestsPerSecond: 100, p50Millis: 1, p99Millis: 1, errors: 0, non2xx: 0 };
  const stalled = { ...answered, requestsPerSecond: 0 };

  it.each([
    ["that was answered is not run again", 1, [answered, stalled], answered, 1],
    ["in which nothing happened is run again", 1, [stalled, answered], answered, 2],
    [
      "in which requests failed is not run again",
      1,
      [{ ...stalled, errors: 1 }, answered],
      { ...stalled, errors: 1 },
      1,
    ],
    ["is run three times at most", 1, [stalled, stalled, stalled, answered], stalled, 3],
    ["of half a second is run three times, too", 0.5, [stalled, stalled, stalled, answered], stalled, 3],
    ["that is short is run as often as makes 1.5 s", 0.25, Array(10).fill(stalled), stalled, 6],
  ])("%s", async (_name, seconds, results, kept, times) => {
    let runs = 0;
    const result = await untilAnswered(seconds, async () => results[runs++] ?? answered);
    expect([result, runs]).toEqual([kept, times]);
  });
});

describe("the options of the HTTP benchmark", () => {
  it.each([
    [["--rounds", "0"], "Expected --rounds"],
    [["--calls", "5,"], "Expected --calls"],
    [["--calls", "1001"], "Expected --calls"],
    [["--seconds", "0"], "Expected --seconds"],
    [["--rate", "5"], "Expected --rate with --url"],
    [["--url", "http://127.0.0.1", "--quick"], "Expected --quick without --url"],
    [["--url", "localhost"], "Expected --url"],
    [["--url", "http://127.0.0.1", "--url", "localhost"], "Expected --url"],
    [["--nonsense"], "--nonsense"],
  ])("are refused if they are %j", (args, said) => {
    expect(() => readOptions(args)).toThrow(said);
  });

  it("are a full run without arguments, and twenty calls only if it is to be quick", () => {
    expect(readOptions([])).toMatchObject({ calls: [0, 1, 5, 20, 50], rounds: 7, seconds: 1 });
    expect(readOptions(["--quick"])).toMatchObject({ calls: [20], rounds: 3, seconds: 1 });
  });
});
