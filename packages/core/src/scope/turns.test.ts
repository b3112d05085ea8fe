import { describe, expect, it } from "vitest";
import { Caller } from "../call/caller.ts";
import type { KeepableCall } from "../call/kept-call.ts";
import { KeptLine } from "../call/kept-line.ts";
import { Turns } from "./turns.ts";

const kept = { line: new KeptLine(), internals: { status: "ready" } };
const call = (make: () => unknown, caller: Caller | null = null): KeepableCall => ({
  ...{ callback: undefined, caller, make },
  keep: () => make,
});
const ignore = (): void => {};

describe("Turns", () => {
  it("rejects a call of a later turn with what making it throws, as one that was made at once would", async () => {
    const turns = new Turns(kept, 1);
    expect(
      turns.run(
        1,
        call(() => "now"),
        ignore,
      ),
    ).toBe("now");
    const thrown = turns.run(
      1,
      call(() => {
        throw new RangeError("its own");
      }),
      ignore,
    );
    const after = turns.run(
      1,
      call(() => "after"),
      ignore,
    );
    await expect(thrown).rejects.toThrow("its own");
    expect(await after).toBe("after");
  });

  it("gives up a call that nobody waits for any more, and never makes it", async () => {
    const turns = new Turns(kept, 1);
    const caller = new Caller();
    const made: string[] = [];
    turns.run(
      1,
      call(() => made.push("first")),
      ignore,
    );
    const dropped: Error[] = [];
    const second = turns.run(
      1,
      call(() => made.push("second"), caller),
      (error) => dropped.push(error),
    );
    const third = turns.run(
      1,
      call(() => made.push("third")),
      ignore,
    );
    caller.leave(() => new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    await third;
    expect(made).toEqual(["first", "third"]);
    expect(dropped).toHaveLength(1);
    expect([turns.hasWaiting, kept.line.isBusy]).toEqual([false, false]);
  });
});
