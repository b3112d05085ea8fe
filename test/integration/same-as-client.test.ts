import { tickpipe } from "@tickpipe/core";
import type { Redis } from "ioredis";
import { afterEach, describe, expect, it, vi } from "vitest";
import { useServer } from "../engine.ts";
import { expectWarning } from "../process-watch.ts";
import { clientVariants } from "../variants.ts";
import { calls } from "./calls.ts";

// Once in a process.
expectWarning("TICKPIPE_SHARED_WATCH");

const server = useServer();

type Fails = (redis: Redis) => unknown;
const errorOf = (made: Promise<unknown>): Promise<unknown> =>
  made.then(
    () => null,
    (error: unknown) => error,
  );
/** Calls that fail, each here, with the errors that they come to. */
const failing: Record<string, Fails> = {
  "a plain call": async (redis) => [await errorOf(redis.lpush("text", "x"))],
  "a Buffer variant": async (redis) => [await errorOf(redis.hgetBuffer("text", "x"))],
  "a callback": (redis) => new Promise((resolve) => redis.lpush("text", "x", (error) => resolve([error]))),
  "call()": async (redis) => [await errorOf(redis.call("LPUSH", "text", "x"))],
  "a script": async (redis) => [await errorOf((redis as unknown as { fails(): Promise<unknown> }).fails())],
  "a pipeline's list": async (redis) =>
    ((await redis.pipeline([["lpush", "text", "x"]]).exec()) ?? []).map(([error]) => error),
  "a pipeline": async (redis) => ((await redis.pipeline().lpush("text", "x").exec()) ?? []).map(([error]) => error),
  "a call that is refused at once": async (redis) => {
    const ended = new Promise((resolve) => redis.once("end", resolve));
    redis.disconnect();
    await ended;
    return [await errorOf(redis.get("k"))];
  },
};

describe.each(clientVariants)("$name", ({ make, Redis }) => {
  const made: Redis[] = [];
  afterEach(() => {
    for (const client of made.splice(0)) client.disconnect();
  });
  const client = (options = {}) => {
    const redis = make({ port: server.port, ...options });
    made.push(redis);
    return redis;
  };

  it("answers of its listeners what it would without Tickpipe's own", async () => {
    const answers = (redis: Redis, ear: () => void) => {
      redis.on("end", ear).once("close", ear);
      return {
        counts: ["end", "close", "ready", "connect"].map((event) => redis.listenerCount(event)),
        listeners: ["end", "close", "ready"].map((event) => redis.listeners(event).length),
        raw: ["end", "close", "ready"].map((event) => redis.rawListeners(event).length),
        names: redis.eventNames().map(String).sort(),
        limit: redis.getMaxListeners(),
      };
    };
    const view = tickpipe(client({ lazyConnect: true }), { maxPending: 5, blocking: "isolate" });
    await view.blpop("nothing", 0.01).catch(() => {});
    const plain = client({ lazyConnect: true });
    await plain.blpop("nothing", 0.01).catch(() => {});
    expect(answers(view, () => {})).toEqual(answers(plain, () => {}));
    expect(view.setMaxListeners(20).getMaxListeners()).toBe(20);
  });

  it.each(Object.entries(calls))("answers the same through the view: %s", async (_name, program) => {
    const outcomes: unknown[] = [];
    for (const wrap of [(redis: Redis) => redis, (redis: Redis): Redis => tickpipe(redis)]) {
      const redis = wrap(client());
      await redis.flushall();
      outcomes.push(await program(redis));
    }
    expect(outcomes[1]).toStrictEqual(outcomes[0]);
  });

  it("is an instance of its class, and the same view each time", async () => {
    const raw = client();
    const redis = tickpipe(raw);
    expect(redis).toBeInstanceOf(Redis);
    expect(tickpipe(raw)).toBe(redis);
    expect(tickpipe(redis)).toBe(redis);
    expect(redis.tickpipe.client).toBe(raw);
    expect(redis.on).toBe(redis.on);
    expect(Object.keys(redis)).toEqual([]);
    const scoped = redis.tickpipe.scope().redis;
    expect(tickpipe(scoped)).toBe(scoped);
  });

  it("writes the user's properties to the client itself, and leaves the client's own alone", async () => {
    const raw = client();
    const redis = tickpipe(raw) as Redis & { mark?: number };
    redis.on("message", () => {});
    await redis.set("k", 1);
    for (const name of ["sendCommand", "get", "set", "on", "pipeline", "tickpipe"]) {
      expect(Object.hasOwn(raw, name)).toBe(false);
    }
    redis.mark = 1;
    expect((raw as typeof redis).mark).toBe(1);
    expect(Object.hasOwn(redis, "mark")).toBe(false);
  });

  it("duplicates into a wrapped client with the same options", async () => {
    const redis = tickpipe(client({ keyPrefix: "p:" }));
    const copy = redis.duplicate({ db: 2 }) as typeof redis;
    made.push(copy);
    expect(copy).not.toBe(redis);
    expect(copy.options).toMatchObject({ keyPrefix: "p:", db: 2 });
    await Promise.all([copy.set("k", 1), copy.get("k")]);
    expect(copy.tickpipe.stats()).toMatchObject({ commands: 2 });
    expect(() => redis.duplicate({ enableAutoPipelining: true })).toThrow(
      expect.objectContaining({ code: "ERR_TICKPIPE_AUTOPIPELINING" }),
    );
  });

  it.each(Object.entries(failing))(
    "leads to the caller's line, if showFriendlyErrorStack asks for it: %s",
    async (_name, fail) => {
      const open = (): Redis => client({ showFriendlyErrorStack: true });
      const wrapped = tickpipe(open(), { maxPending: 1, whenFull: "wait" });
      const kept = tickpipe(open());
      const scoped = (): Redis => kept.tickpipe.scope({ maxPerTick: 1 }).redis;
      for (const redis of [
        open(),
        tickpipe(open()),
        wrapped,
        scoped(),
        tickpipe(open(), { dedupe: true }).tickpipe.scope().redis,
      ]) {
        redis.defineCommand("fails", { numberOfKeys: 0, lua: "return redis.call('no-such-command')" });
        await redis.set("text", "value");
        const other = redis.set("other", "value");
        const errors = (await fail(redis)) as Error[];
        await other;
        for (const error of errors) {
          expect(error).toBeInstanceOf(Error);
          // The set-up of these tests stands around `pipeline()`, with the plain client as well.
          expect(error.stack?.split("\n").find((line) => /^ +at /.test(line))).toMatch(/same-as-client|every-promise/);
        }
      }
    },
  );

  it("lets a test spy on a command", async () => {
    const redis = tickpipe(client());
    const spy = vi.spyOn(redis, "get");
    await redis.get("k");
    expect(spy).toHaveBeenCalledExactlyOnceWith("k");
    spy.mockRestore();
    expect(await redis.set("k", 1)).toBe("OK");
    expect(await redis.get("k")).toBe("1");
  });

  it("calls the client's method of the moment, which an agent may have replaced", async () => {
    const raw = client();
    const redis = tickpipe(raw);
    const get = vi.spyOn(raw, "get");
    const sendCommand = vi.spyOn(raw, "sendCommand");
    await redis.get("k");
    expect(get).toHaveBeenCalledOnce();
    expect(sendCommand).toHaveBeenCalled();
  });

  it("lets an error that nobody handles be seen, with and without a scope", async () => {
    const redis = tickpipe(client());
    await redis.set("k", "text");
    const reasons: string[] = [];
    const listeners = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", (reason) => reasons.push(String(reason)));
    try {
      for (const each of [redis, redis.tickpipe.scope().redis]) {
        each.incr("k");
        each.incr("k", () => {});
        each.multi([["set", "k"]]).exec();
        await redis.ping();
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const listener of listeners) process.on("unhandledRejection", listener);
    }
    const seen = [expect.stringContaining("not an integer"), expect.stringContaining("EXECABORT")];
    expect(reasons).toEqual([...seen, ...seen]);
  });
});
