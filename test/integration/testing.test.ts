import { AssertionError } from "node:assert";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { countRoundTrips, expectNoWaterfall, expectRoundTrips } from "@tickpipe/core/testing";
import { perRequest } from "@tickpipe/express";
import express from "express";
import type { Redis } from "ioredis";
import request from "supertest";
import { beforeAll, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();
let redis: Tickpiped<Redis>;

beforeAll(async () => {
  redis = tickpipe(server.client());
  await redis.flushall();
  await redis.rpush("ids", ...range(5).map((i) => `u${i}`));
  for (const i of range(5)) await redis.set(`user:u${i}`, JSON.stringify({ team: `t${i}`, name: "somebody" }));
  for (const i of range(5)) await redis.set(`team:t${i}`, JSON.stringify({ title: "a team", next: `t${i + 1}` }));
  await redis.set("flag", "1");
  await redis.set("settings", "some settings");
});

const failureOf = async (promise: Promise<unknown>): Promise<AssertionError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AssertionError)) throw new Error(`Expected an AssertionError, got ${String(error)}`);
  return error;
};

const userOneByOne = async (own: Redis) => {
  for (const id of await own.lrange("ids", 0, -1)) await own.get(`user:${id}`);
};

describe("countRoundTrips", () => {
  it("counts the waves of a function that is given the view, or uses the module's own", async () => {
    expect(await countRoundTrips(redis, (own) => Promise.all([own.get("a"), own.get("b")]))).toBe(1);
    expect(await countRoundTrips(redis, () => userOneByOne(redis))).toBe(6);
    expect(await countRoundTrips(redis, () => "nothing")).toBe(0);
  });

  it("counts those of requests that are sent to an app meanwhile", async () => {
    const app = express();
    app.use(perRequest(redis));
    app.get("/", async (req, res) => {
      await userOneByOne(req.redis);
      res.end();
    });
    expect(await countRoundTrips(redis, () => request(app).get("/").expect(200))).toBe(6);
  });

  it("wraps a plain client, and passes on what the function throws", async () => {
    const failure = new RangeError("the function's own");
    const plain = server.client();
    expect(await countRoundTrips(plain, (own) => own.get("a"))).toBe(1);
    await expect(countRoundTrips(plain, () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(
      countRoundTrips(plain, () => {
        throw failure;
      }),
    ).rejects.toBe(failure);
  });

  it("leaves no recording behind", async () => {
    await countRoundTrips(redis, (own) => own.get("a"));
    expect(redis.tickpipe.scope().record()).toBeUndefined();
  });
});

describe("expectRoundTrips", () => {
  it("gives what the function returns, if it makes no more than that", async () => {
    expect(await expectRoundTrips(redis, (own) => own.get("flag"), { atMost: 1 })).toBe("1");
  });

  it("says otherwise what was called in each round trip, and where", async () => {
    const error = await failureOf(expectRoundTrips(redis, userOneByOne, { atMost: 2 }));
    expect(error).toMatchObject({ actual: 6, expected: 2, operator: "expectRoundTrips", code: "ERR_ASSERTION" });
    const [said, , ...lines] = error.message.split("\n");
    expect(said).toBe("Expected at most 2 round trips, got 6.");
    expect(lines[1]).toMatch(
      /^ {2}1 +\d+\.\d ms +\d+\.\d ms +lrange ids +at userOneByOne \(test\/integration\/testing\.test\.ts:\d+:\d+\)$/,
    );
    expect(lines[2]).toMatch(/^ {2}2 .* get user:u0 +at userOneByOne/);
    expect(lines).toHaveLength(7);
  });

  it("says how many calls there were beyond those that it shows", async () => {
    const { message } = await failureOf(
      expectRoundTrips(redis, (own) => Promise.all(range(1001).map((i) => own.get(`k${i}`))), { atMost: 0 }),
    );
    expect(message).toContain("and 997 more");
    expect(message).toMatch(/\n {2}and 1 call more$/);
  });

  it("shows errors, shared and memoised reads, pipelines and strange keys as such", async () => {
    const strange = "\u001b[31m<script>\r\n\u202e";
    const { message } = await failureOf(
      expectRoundTrips(
        redis,
        async (own) => {
          await Promise.all([own.get("a"), own.get("a"), own.pipeline().get("b").get("c").exec()]);
          await own.lpush("flag", "SECRET-VALUE").catch(() => {});
          await own.get(strange);
          await own.set("x".repeat(500), "SECRET-VALUE");
          await Promise.all(range(9).map((i) => own.get(`k${i}`)));
        },
        { atMost: 1 },
      ),
    );
    expect(message).toMatch(/1 .* get a; get a \(shared\); pipeline of 2 b, c/);
    expect(message).toMatch(/2 .* lpush flag \(failed: WRONGTYPE\)/);
    expect(message).toContain('get "\\u001b[31m<script>\\r\\n\\u202e"');
    expect(message).toMatch(/set x{39}… /);
    expect(message).toContain("get k0, k1, k2, and 6 more");
    expect(message).not.toMatch(/SECRET|x{41}/);
    for (const control of ["\u001b", "\r", "\u202e"]) expect(message).not.toContain(control);
  });

  it.each<[unknown, string]>([
    [undefined, "Expected the limit of expectRoundTrips() to be an object"],
    [{}, 'Expected option "atMost" of expectRoundTrips() to be a whole number from 0 on'],
    [{ atMost: -1 }, "a whole number from 0 on"],
    [{ atLeast: 1 }, "expectRoundTrips() has no option named"],
  ])("refuses the limit %j", async (limit, said) => {
    await expect(expectRoundTrips(redis, () => {}, limit as never)).rejects.toThrow(said);
  });

  it("refuses what is no function, and what is no client", async () => {
    await expect(countRoundTrips(redis, Promise.resolve() as never)).rejects.toThrow("to be a function");
    await expect(countRoundTrips({} as Redis, () => {})).rejects.toMatchObject({ code: "ERR_TICKPIPE_INVALID_CLIENT" });
  });
});

describe("expectNoWaterfall", () => {
  const fine: Record<string, (own: Redis) => unknown> = {
    "calls that are made together": (own) => Promise.all(range(5).map((i) => own.get(`user:u${i}`))),
    "calls that need an earlier reply": async (own) => {
      const ids = await own.lrange("ids", 0, -1);
      const users = await Promise.all(ids.map((id) => own.get(`user:${id}`)));
      await Promise.all(users.map((user) => own.get(`team:${JSON.parse(user ?? "").team}`)));
    },
    "going from each reply to the next": async (own) => {
      let id: string | undefined = "t0";
      while (id !== undefined) {
        const team: string | null = await own.get(`team:${id}`);
        id = team === null ? undefined : JSON.parse(team).next;
      }
    },
    "chunks of a bounded size": async (own) => {
      for (const chunk of [range(3), range(2)]) await Promise.all(chunk.map((i) => own.get(`user:u${i}`)));
    },
    "asking for one key again and again": async (own) => {
      for (const _ of range(3)) await own.get("flag");
    },
    "one read after another by the same function, as far as it is only a guess": async (own) => {
      const read = async (key: string) => own.get(key);
      if ((await read("flag")) === "1") await read("settings");
    },
    "going through all keys with a cursor": async (own) => {
      let cursor = "0";
      do [cursor] = await own.scan(cursor, "COUNT", 2);
      while (cursor !== "0");
    },
    "a read that is made because of a reply": async (own) => {
      if ((await own.get("flag")) === "1") await own.get("user:u1");
    },
    "a cache that is filled where it has nothing": async (own) => {
      if ((await own.get("missing")) === null) await own.set("missing", "v");
    },
    "blocking calls, which together would take from every queue": async (own) => {
      for (const queue of ["q1", "q2", "q3"]) await own.blpop(queue, 0.01);
    },
    "streams that are waited for in turn": async (own) => {
      for (const i of range(3)) await own.xread("BLOCK", 1, "STREAMS", `stream:${i}`, "0");
    },
    "asking for the time left, of one key or of many": async (own) => {
      for (const i of range(3)) await own.ttl(`user:u${i}`);
      for (const _ of range(3)) await own.pttl("flag");
    },
    "pops, locks, counts and other writes in a loop": async (own) => {
      for (const i of range(3)) await own.lpop(`list:${i}`);
      for (const i of range(3)) await own.set(`lock:${i}`, "me", "PX", 10, "NX");
      for (const i of range(3)) if ((await own.incr(`slot:${i}`)) === 1) await own.expire(`slot:${i}`, 1);
    },
    "going on until a key is there": async (own) => {
      for (const key of ["none", "nor this", "flag"]) if ((await own.getBuffer(key)) !== null) return;
    },
    "reads between which the function writes": async (own) => {
      for (const i of range(3)) await own.set(`copy:${i}`, String(await own.get(`user:u${i}`)));
    },
    "writes in their order": async (own) => {
      await own.set("user:u9", "x");
      await own.get("user:u9");
    },
  };
  it.each(Object.entries(fine))("lets %s pass", async (_name, fn) => {
    await expectNoWaterfall(redis, fn);
  });

  it("gives what the function returns", async () => {
    expect(await expectNoWaterfall(redis, (own) => own.get("flag"))).toBe("1");
  });

  it("finds an await in a loop, and names the loop's line and what to write", async () => {
    const readUser = (own: Redis, id: string) => own.get(`user:${id}`);
    const loop = async (own: Redis) => {
      for (const id of ["u1", "u2", "u3"]) {
        await readUser(own, id);
      }
    };
    const { message, actual, operator } = await failureOf(expectNoWaterfall(redis, loop));
    expect([actual, operator]).toEqual([1, "expectNoWaterfall"]);
    expect(message).toContain("Await in a loop: get was called 3 times, each after the reply to the one before.");
    expect(message).toMatch(/\n {4}at readUser \(test\/integration\/testing.test.ts:\d+:\d+\)\n {4}at loop \(test/);
    expect(message).toContain("await Promise.all(items.map((item) => redis.get(…)))");
  });

  it("finds reads in series of which none needs another, as a guess", async () => {
    const { message } = await failureOf(
      expectNoWaterfall(redis, async (own) => {
        const user = await own.get("user:u1");
        const settings = await own.getBuffer("settings");
        return { user, settings, flags: await own.hgetall("flags") };
      }),
    );
    expect(message).toMatch(/In series, .* \(a guess\)/);
    expect(message).toContain("await Promise.all([redis.get(…), redis.getBuffer(…), redis.hgetall(…)])");
  });
});
