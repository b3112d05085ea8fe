import { describe, expect, it } from "vitest";
import type { ClientInternals, CommandQueue, PendingCommand } from "../client.ts";
import {
  bytesOf,
  calledSince,
  firstPending,
  lastPending,
  pendingBytes,
  pendingCommands,
  queueTails,
} from "./queues.ts";

const command = (name: string, ...args: unknown[]): PendingCommand => ({
  name,
  args,
  resolve: () => {},
  reject: () => {},
});
/** As far as a denque is asked anything. */
function queueOf(...commands: PendingCommand[]): CommandQueue {
  const entry = (at: number) => (commands[at] === undefined ? undefined : { command: commands[at] });
  return {
    length: commands.length,
    peekAt: entry,
    peekFront: () => entry(0),
    peekBack: () => entry(commands.length - 1),
    pop: () => commands.pop(),
    removeOne: (at) => commands.splice(at, 1)[0],
  };
}
const client = (queues: Partial<ClientInternals>): ClientInternals => ({ status: "ready", ...queues });
const [a, b, c] = [command("a", "12"), command("b", ["345"], 6), command("c", Buffer.from("7"))];

describe("what a client holds", () => {
  it("is nothing before it has any queue", () => {
    const none = client({});
    expect([pendingCommands(none), pendingBytes(none)]).toEqual([0, 0]);
    expect([firstPending(none), lastPending(none), calledSince(queueTails([none]))]).toEqual([null, null, []]);
  });

  it("is what was sent, what is to be sent again, and what waits, in the order of the answers", () => {
    const all = client({ commandQueue: queueOf(b), offlineQueue: queueOf(c), prevCommandQueue: queueOf(a) });
    expect([pendingCommands(all), pendingBytes(all)]).toEqual([3, 2 + 3 + 1]);
    expect([firstPending(all), lastPending(all)]).toEqual([a, c]);
    const noneWaits = client({ commandQueue: queueOf(b), offlineQueue: queueOf(), prevCommandQueue: queueOf(a) });
    expect([firstPending(noneWaits), lastPending(noneWaits)]).toEqual([a, b]);
  });

  it("is counted once where two names stand for one queue, as after a close", () => {
    const queue = queueOf(a, b);
    const closed = client({ commandQueue: queue, prevCommandQueue: queue });
    expect([pendingCommands(closed), pendingBytes(closed)]).toEqual([2, 2 + 3]);
  });

  it("is told since a moment, of each client and each of its queues", () => {
    const before = [client({ commandQueue: queueOf(a) }), client({})];
    const tails = queueTails(before);
    Object.assign(before[0] as object, { commandQueue: queueOf(a, b) });
    Object.assign(before[1] as object, { offlineQueue: queueOf(c) });
    expect(calledSince(tails)).toEqual([
      [b, before[0]],
      [c, before[1]],
    ]);
  });
});

describe("bytesOf", () => {
  it("counts texts and bytes, nested ones too, and nothing for the rest", () => {
    expect(bytesOf(["ab", Buffer.from("c"), ["de", ["f"]], 7, null, () => {}, {}])).toBe(6);
  });

  it("counts objects and Maps by their entries, and ends where one holds itself", () => {
    const itself: unknown[] = ["a"];
    itself.push(itself);
    expect(bytesOf(itself)).toBe(5);
    expect(
      bytesOf([
        { field: "value", n: Buffer.from("12") },
        new Map<unknown, unknown>([
          ["k", "v"],
          [1, ["abc"]],
        ]),
      ]),
    ).toBe(18);
  });
});
