import { tickpipe } from "@tickpipe/core";
import { Command, Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useServer } from "../engine.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();
/** May do all but begin a transaction. */
const USER = { username: "careful", password: "pw" };
let admin: Redis;
beforeAll(async () => {
  admin = new Redis(server.port);
  await admin.acl("SETUSER", USER.username, "on", `>${USER.password}`, "~*", "+@all", "-multi");
  await admin.acl("SETUSER", "stuck", "on", ">pw", "~*", "+@all", "-discard");
});
afterAll(() => admin.disconnect());

type Way = (redis: Redis) => unknown;
const begin = (redis: Redis): Promise<unknown> => redis.multi({ pipeline: false });

const begins: Record<string, Way> = {
  "multi({ pipeline: false })": begin,
  'call("MULTI")': (redis) => redis.call("MULTI"),
  "MULTI in a pipeline": (redis) => redis.pipeline().call("multi").exec(),
  "sendCommand()": (redis) => redis.sendCommand(new Command("multi", [])),
};

const ends: Record<string, Way> = {
  "exec()": (redis) => redis.exec(),
  'call("EXEC")': (redis) => redis.call("EXEC"),
  "MULTI and EXEC in a pipeline": (redis) => redis.pipeline([["multi"], ["get", "k"], ["exec"]]).exec(),
  "EXEC in a pipeline": (redis) => redis.pipeline().get("k").call("EXEC").exec(),
  "a multi() within": (redis) => redis.multi().get("k").exec(),
  "discard()": (redis) => redis.discard(),
  'call("discard")': (redis) => redis.call("discard"),
  "DISCARD in a pipeline": (redis) => redis.pipeline([["discard"]]).exec(),
  "reset()": (redis) => redis.call("RESET"),
  "sendCommand()": (redis) => redis.sendCommand(new Command("exec", [])),
  "an EXEC that Redis refuses": async (redis) => {
    await redis.call("no-such-command").catch(() => {});
    await redis.exec().catch(() => {});
  },
};

describe.each(clientVariants)("with $name", ({ make }) => {
  const open = (credentials = {}, options = {}): Redis => make({ port: server.port, ...credentials, ...options });

  /** A view with a cap of one command: within a transaction it does not count. */
  const withView = async (raw: Redis, use: (redis: Redis) => Promise<void>): Promise<void> => {
    try {
      await use(tickpipe(raw, { maxPending: 1 }));
    } finally {
      raw.disconnect();
    }
  };
  const isCapped = async (redis: Redis): Promise<boolean> => {
    const outcomes = await Promise.allSettled([redis.get("a"), redis.get("b"), redis.get("c")]);
    return outcomes.some((outcome) => outcome.status === "rejected");
  };

  it.each(Object.entries(begins))("knows that a transaction is open, and that it has ended: %s", async (_name, way) => {
    await withView(open(), async (redis) => {
      await way(redis);
      expect(await isCapped(redis)).toBe(false);
      await redis.exec();
      expect(await isCapped(redis)).toBe(true);
    });
  });

  it.each(Object.entries(ends))("knows that a transaction has ended: %s", async (_name, way) => {
    await withView(open(), async (redis) => {
      await begin(redis);
      expect(await isCapped(redis)).toBe(false);
      await way(redis);
      expect(await isCapped(redis)).toBe(true);
    });
  });

  it.each(Object.entries(begins))(
    "knows that there is no transaction after a MULTI that is refused: %s",
    async (_name, way) => {
      await withView(open(USER), async (redis) => {
        const outcome = await Promise.resolve(way(redis)).catch((error: Error) => [error]);
        expect(String(outcome)).toContain("NOPERM");
        expect(await isCapped(redis)).toBe(true);
      });
    },
  );

  it("takes a transaction for open after a second MULTI and a DISCARD that are refused", async () => {
    await withView(open({ username: "stuck", password: "pw" }), async (redis) => {
      await begin(redis);
      for (const refused of [begin, (one: Redis) => one.discard()]) {
        await expect(refused(redis)).rejects.toThrow(/NOPERM|nested/);
        expect(await isCapped(redis)).toBe(false);
      }
      await expect(redis.exec()).rejects.toThrow("EXECABORT");
      expect(await isCapped(redis)).toBe(true);
    });
  });

  it("takes no transaction for open after a MULTI that was rejected before it was sent", async () => {
    const raw = open({}, { lazyConnect: true, enableOfflineQueue: false });
    await withView(raw, async (redis) => {
      await expect(begin(redis)).rejects.toThrow("Stream isn't writeable");
      await new Promise((resolve) => redis.once("ready", resolve));
      expect(await isCapped(redis)).toBe(true);
    });
  });

  it("knows a transaction that waited for the connection, and forgets it when that is lost", async () => {
    const raw = open({}, { lazyConnect: true });
    await withView(raw, async (redis) => {
      await begin(redis);
      expect(await isCapped(redis)).toBe(false);
      const ready = new Promise((resolve) => redis.once("ready", resolve));
      redis.disconnect(true);
      await ready;
      expect(await isCapped(redis)).toBe(true);
    });
  });

  it("answers about listeners as the plain client does, whatever Tickpipe listens to itself", async () => {
    const raw = open();
    const plain = open();
    const redis = tickpipe(raw, { maxPending: 5 });
    const listener = (): void => {};
    try {
      for (const each of [plain, redis]) each.on("end", listener).once("ready", listener).on("own", listener);
      const answers = [plain, redis].map((each) => ({
        names: each.eventNames(),
        each: ["end", "ready", "close", "connect", "error", "own", "removeListener"].map((event) => [
          each.listenerCount(event),
          each.listeners(event),
          each.rawListeners(event).length,
        ]),
      }));
      expect(answers[1]).toEqual(answers[0]);
      expect(redis.listenerCount("end")).toBe(1);
      redis.removeAllListeners();
      expect([redis.eventNames(), redis.listenerCount("end")]).toEqual([[], 0]);
    } finally {
      for (const each of [raw, plain]) each.disconnect();
    }
  });
});
