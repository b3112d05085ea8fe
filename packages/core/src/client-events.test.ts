import { type EventEmitter, once } from "node:events";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { expectWarning } from "../../../test/process-watch.ts";
import { eventsOf } from "./client-events.ts";

const lazyClient = () => new Redis({ lazyConnect: true });

describe("the hub of a client's events", () => {
  it("has one listener of an event, however many want to be told", () => {
    const client = lazyClient();
    const told: number[] = [];
    const ends = [1, 2, 3].map((i) => eventsOf(client).on("ready", () => told.push(i)));
    expect(client.listenerCount("ready")).toBe(1);
    expect(eventsOf(client).countOf("ready")).toBe(1);
    expect(eventsOf(client).owns("ready", client.listeners("ready")[0])).toBe(true);
    ends[1]?.();
    client.emit("ready");
    expect(told).toEqual([1, 3]);
  });

  it("is no cause for Node to warn of a leak that the plain client would not have", () => {
    // Of both, from the eleventh listener of the app's on.
    expectWarning("MaxListenersExceededWarning");
    const [plain, client] = [lazyClient(), lazyClient()];
    eventsOf(client).on("end", () => {});
    const warned = (emitter: EventEmitter, count: number): boolean => {
      for (let i = emitter.listenerCount("end"); i < count; i++) emitter.on("end", () => {});
      return (emitter as never as { _events: { end: { warned?: boolean } } })._events.end.warned === true;
    };
    expect([warned(plain, 10), warned(client, 11)]).toEqual([false, false]);
    expect([warned(plain, 11), warned(client, 12)]).toEqual([true, true]);
  });

  it.each<[string, (client: Redis) => void]>([
    ["all listeners", (client) => client.removeAllListeners()],
    ["all listeners of the event", (client) => client.removeAllListeners("end")],
    ["all listeners, twice", (client) => client.removeAllListeners().removeAllListeners()],
  ])("is told of what comes after %s were removed", async (_what, remove) => {
    const client = lazyClient();
    let ended = 0;
    eventsOf(client).on("end", () => {
      ended += 1;
    });
    for (let i = 0; i < 2; i++) {
      remove(client);
      await new Promise((resolve) => setImmediate(resolve));
    }
    remove(client);
    client.disconnect();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(1);
    expect(client.listenerCount("end")).toBe(1);
  });

  it("is told of an end that was on its way when the listeners were removed", async () => {
    const client = lazyClient();
    const told: string[] = [];
    for (const event of ["close", "end"]) eventsOf(client).on(event, () => told.push(event));
    client.disconnect();
    client.removeAllListeners();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(["close", "end"]);
  });

  it("leaves alone what others listen to, and whom they remove", async () => {
    const client = lazyClient();
    eventsOf(client).on("end", () => {});
    const listener = () => {};
    client.on("end", listener).off("end", listener);
    setImmediate(() => client.emit("end"));
    await once(client, "end");
    expect(client.listenerCount("end")).toBe(1);
  });
});
