import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { clientVariants } from "../variants.ts";
import { useBothSides } from "./both-sides.ts";
import { connectionClosed, fulfilled, rejections } from "./expected.ts";
import { ownedValue } from "./outcome.ts";

const sides = useBothSides();

// iovalkey settles what is not lean later: see network.test.ts.
describe.each(clientVariants)("a client that changes with a full tick, $name", ({ make, name: client }) => {
  const options = { make, anyOrder: client === "iovalkey" };

  it("quit at the end of the tick: all of it is answered first", async () => {
    const outcome = await sides.play(async ({ redis, tick, note, next }) => {
      const ended = next("end");
      tick("a");
      note("quit", "quit", redis.quit());
      await ended;
      tick("b");
    }, options);
    expect(rejections(outcome, "a")).toEqual(fulfilled);
    expect(outcome.values).toMatchObject({ "quit quit": "OK" });
    expect(rejections(outcome, "b")).toEqual(connectionClosed("no reconnect"));
  });

  it("quit in mid-tick: what was called before is answered, what was called after is not", async () => {
    const outcome = await sides.play(async ({ redis, tick, note, next, proxy }) => {
      const ended = next("end");
      proxy.inject({ from: "a:s0", to: "b:last", fault: "none" });
      tick("a");
      note("quit", "quit", redis.quit());
      tick("b");
      await ended;
    }, options);
    expect(rejections(outcome, "a")).toEqual(fulfilled);
    expect(rejections(outcome, "b")).toEqual(connectionClosed("no reconnect"));
  });

  it("quit while the connection is not there yet", async () => {
    const outcome = await sides.play(
      async ({ redis, tick, note, next }) => {
        const ended = next("end");
        tick("a");
        note("quit", "quit", redis.quit());
        await ended;
      },
      { ...options, redis: { lazyConnect: true } },
    );
    expect(rejections(outcome, "a")).toEqual(fulfilled);
  });

  it.each([
    ["disconnect()", (redis: Redis) => redis.disconnect(), connectionClosed("no reconnect")],
    ["disconnect(true)", (redis: Redis) => redis.disconnect(true), fulfilled],
  ] as const)("%s in mid-tick: the first half has been sent", async (_name, disconnect, second) => {
    const outcome = await sides.play(
      async ({ redis, tick, next, settled }) => {
        const closed = next("close");
        tick("a");
        disconnect(redis);
        tick("b");
        await Promise.all([closed, settled()]);
      },
      { ...options, anyOrder: true },
    );
    expect(rejections(outcome, "a")).toEqual(fulfilled);
    expect(rejections(outcome, "b")).toEqual(second);
    expect(outcome.values["a-0 incrby"]).toBe(1000);
  });

  it("connect, before the first call of a tick and after it", async () => {
    const outcome = await sides.play(
      async ({ redis, tick, note, next, settled }) => {
        note("open", "first", redis.connect());
        tick("a");
        await settled();
        for (const prefix of ["b", "c"]) {
          const ended = next("end");
          redis.disconnect();
          await ended;
          note("open", prefix, redis.connect());
          tick(prefix);
          await settled();
        }
        note("open", "while connected", redis.connect());
        tick("d");
      },
      { ...options, redis: { lazyConnect: true } },
    );
    expect([..."abcd"].map((prefix) => rejections(outcome, prefix))).toEqual(range(4).map(() => fulfilled));
    expect(rejections(outcome, "open")).toEqual(["Redis is"]);
  });

  it("a stream that is destroyed in mid-tick: both halves are answered by the next, and neither stays corked", async () => {
    const outcome = await sides.play(async ({ redis, note, next, settled }) => {
      const { stream } = redis;
      const connected = next("ready");
      const write = (i: number) => note(`w-${i}`, "set", redis.set(`w:${i}`, ownedValue(`w:${i}`, `w-${i}`)));
      const read = (i: number) => note(`w-${i}`, "get", redis.get(`w:${i}`));
      // Only what may run twice: the plain client has written the first half, and writes it again.
      for (const i of range(50)) write(i);
      stream.destroy();
      for (const i of range(50)) read(i);
      await Promise.all([connected, settled()]);
      return [stream.writableCorked, redis.stream.writableCorked, redis.stream === stream];
    }, options);
    expect(outcome.returned).toEqual([0, 0, false]);
    expect(outcome.values["w-49 get"]).toBe(ownedValue("w:49", "w-49"));
  });

  it("a tick that outlasts its stream: no stream stays corked, and each call is answered", async () => {
    const flushes: (() => void)[] = [];
    const outcome = await sides.play(
      async ({ redis, control, note, next, settled }) => {
        const { stream } = redis;
        const replaced = next("ready");
        // Out of the iteration in which the connection became ready, which corks for itself.
        await control.ping();
        note("w-0", "set", redis.set("w:0", ownedValue("w:0", "w-0")));
        stream.destroy();
        await replaced;
        // The tick ends only now, with another stream in place of the one that it began with.
        for (const flush of flushes.splice(0)) flush();
        const corked = [stream.writableCorked, redis.stream.writableCorked];
        note("w-0", "get", redis.get("w:0"));
        for (const flush of flushes.splice(0)) flush();
        await settled();
        return [corked, redis.stream === stream];
      },
      { ...options, tickpipe: { flush: (flush) => flushes.push(flush) } },
    );
    expect(outcome.returned).toEqual([[0, 0], false]);
    expect(outcome.values["w-0 get"]).toBe(ownedValue("w:0", "w-0"));
  });

  it("a connection that comes back to a long offline queue: each call in its turn", async () => {
    const outcome = await sides.play(async ({ redis, proxy, tick, next, settled }) => {
      const closed = next("close");
      proxy.strike("cut");
      await closed;
      for (const i of range(20)) tick(`o${String(i).padStart(2, "0")}`);
      await settled();
      // And lost again while all of it is in flight.
      const again = next("close");
      const struck = proxy.inject({ from: "p00:s0", to: "p19:last", replyBytes: 10_000, fault: "cut" });
      for (const i of range(20)) tick(`p${String(i).padStart(2, "0")}`);
      await Promise.all([struck, again]);
      for (const i of range(20)) tick(`q${String(i).padStart(2, "0")}`);
      return redis.status;
    }, options);
    expect(outcome.returned).toBe("reconnecting");
    expect([..."oq"].map((prefix) => rejections(outcome, prefix))).toEqual([fulfilled, fulfilled]);
  });
});
