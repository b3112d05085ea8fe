import { describe, expect, it } from "vitest";
import { CallRecorder } from "./call-recorder.ts";
import { RoundTripTally } from "./round-trips.ts";

function recorder() {
  const tally = new RoundTripTally();
  return { tally, recorder: new CallRecorder(tally) };
}

describe("CallRecorder", () => {
  it("gives the caller the reply or the very error, and notes both", async () => {
    const { tally, recorder: own } = recorder();
    expect(await own.record(1, false, () => Promise.resolve("reply"))).toBe("reply");
    const error = new Error("WRONGTYPE");
    await expect(own.record(1, false, () => Promise.reject(error))).rejects.toBe(error);
    expect(tally.snapshot()).toMatchObject({ commands: 2, errors: 1 });
  });

  it("rethrows what a call throws, as one failed call", () => {
    const { tally, recorder: own } = recorder();
    const error = new TypeError("not encodable");
    expect(() =>
      own.record(1, false, () => {
        throw error;
      }),
    ).toThrow(error);
    expect(tally.snapshot()).toMatchObject({ commands: 1, errors: 1, roundTrips: 1 });
  });

  it("returns the client's own promise to a caller with a callback", async () => {
    const { tally, recorder: own } = recorder();
    const promise = Promise.reject(new Error("seen by the callback"));
    promise.catch(() => {});
    expect(own.record(1, true, () => promise)).toBe(promise);
    await new Promise((resolve) => setImmediate(resolve));
    expect(tally.snapshot()).toMatchObject({ errors: 1 });
  });

  it("notes a call that returns no promise as answered", () => {
    const { tally, recorder: own } = recorder();
    expect(own.record(1, false, () => "at once")).toBe("at once");
    expect(tally.called(1)).toBe(2);
  });

  it("counts the errors within a result", async () => {
    const { tally, recorder: own } = recorder();
    await own.record(
      3,
      false,
      () => Promise.resolve(["e", "e", "ok"]),
      (replies) => (replies as string[]).filter((r) => r === "e"),
    );
    expect(tally.snapshot()).toMatchObject({ commands: 3, errors: 2 });
  });
});
