import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { countSocketWrites, eventually } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import { beforeEach, describe, expect, it } from "vitest";
import { after, before, greet, profile } from "../../examples/docs/src/migration/auto-pipelining.ts";
import { homeAfter, homeBefore, spendAfter, spendBefore } from "../../examples/docs/src/migration/batches.ts";
import { cachedUsersOf, type User, user, usersLoader, usersOf } from "../../examples/docs/src/migration/dataloader.ts";
import { namesAfter, namesBefore, pageAfter, pageBefore } from "../../examples/docs/src/migration/pipeline.ts";
import { range } from "../engine.ts";
import { usePageServer } from "./page-server.ts";

const page = usePageServer();
let plain: Redis;
let redis: Tickpiped<Redis>;
beforeEach(async () => {
  plain = page.client();
  redis = tickpipe(page.client());
  await plain.flushall();
});

/** The replies of some code, or the message of its error, and the writes at the client's socket that it made. */
async function outcome(client: Redis, run: () => Promise<unknown>): Promise<{ replies: unknown; writes: number }> {
  await client.ping();
  const writes = countSocketWrites(client.stream);
  const replies = await run().catch((error: Error) => error.message);
  return { replies, writes: writes.take() };
}

describe("docs/migration.md, from enableAutoPipelining", () => {
  it("gives the same replies to the same calls, which were one write before", async () => {
    await plain.hset("user:1", { name: "Ann" });
    await plain.sadd("friends:1", "2");
    const [old, wrapped] = [before(page.Redis), after(page.Redis)];
    const replies = (visits: number) => ({ user: { name: "Ann" }, visits, friends: ["2"] });
    expect(await outcome(old, () => profile(old, 1))).toEqual({ replies: replies(1), writes: 1 });
    expect(await outcome(wrapped, () => profile(wrapped, 1))).toEqual({ replies: replies(2), writes: 1 });
  });

  it("keeps an order that was not kept before", async () => {
    const [old, wrapped] = [before(page.Redis), after(page.Redis)];
    expect(await greet(old)).toEqual([[null, null]]);
    await plain.del("greeting");
    expect(await greet(wrapped)).toEqual([[null, "hello"]]);
  });

  it("refuses a client that still has the option", () => {
    expect(() => tickpipe(before(page.Redis))).toThrow(
      expect.objectContaining({ code: "ERR_TICKPIPE_AUTOPIPELINING" }),
    );
  });
});

describe("docs/migration.md, from a pipeline", () => {
  it("gives the same replies in one write", async () => {
    await plain.hset("post:1", { title: "One" });
    await plain.rpush("comments:1", "Good");
    const replies = (views: number) => ({ post: { title: "One" }, views, comments: ["Good"] });
    expect(await outcome(plain, () => pageBefore(plain, 1))).toEqual({ replies: replies(1), writes: 1 });
    expect(await outcome(redis, () => pageAfter(redis, 1))).toEqual({ replies: replies(2), writes: 1 });
    // A pipeline is also good on the view.
    expect(await outcome(redis, () => pageBefore(redis, 1))).toEqual({ replies: replies(3), writes: 1 });
  });

  it("fails with the same error, and has made the other calls all the same", async () => {
    await plain.set("post:1", "no hash");
    const old = await outcome(plain, () => pageBefore(plain, 1));
    expect(old).toEqual({ replies: expect.stringContaining("WRONGTYPE"), writes: 1 });
    expect(await outcome(redis, () => pageAfter(redis, 1))).toEqual(old);
    expect(await plain.get("views:1")).toBe("2");
  });

  it("gives the same list where each reply has its own error", async () => {
    await plain.hset("user:1", { name: "Ann" });
    await plain.set("user:2", "no hash");
    const names = { replies: ["Ann", "unreadable", null], writes: 1 };
    expect(await outcome(plain, () => namesBefore(plain, [1, 2, 3]))).toEqual(names);
    expect(await outcome(redis, () => namesAfter(redis, [1, 2, 3]))).toEqual(names);
  });
});

describe("docs/migration.md, from DataLoader and MGET", () => {
  const ann: User = { id: 1, name: "Ann" };

  it("reads the same users in one write, and each once", async () => {
    await plain.set("user:1", JSON.stringify(ann));
    const users = { replies: [ann, null, ann], writes: 1 };
    const old = usersOf(plain);
    expect(await outcome(plain, () => old.loadMany([1, 2, 1]))).toEqual(users);
    const { commands } = redis.tickpipe.stats();
    expect(await outcome(redis, () => Promise.all([1, 2, 1].map((id) => user(redis, id))))).toEqual(users);
    expect(redis.tickpipe.stats().commands - commands).toBe(3); // PING and two GETs
  });

  it("gives null or WRONGTYPE for a key of another type", async () => {
    await plain.rpush("user:1", "no string");
    expect(await usersOf(plain).load(1)).toBeNull();
    await expect(user(redis, 1)).rejects.toThrow("WRONGTYPE");
  });

  it("asks the database for the same, and for nothing twice", async () => {
    const asked: (readonly number[])[] = [];
    const findUsers = async (ids: readonly number[]) => {
      asked.push(ids);
      return ids.map((id) => (id === 1 ? ann : null));
    };
    expect(await cachedUsersOf(plain, findUsers).loadMany([1, 2, 1])).toEqual([ann, null, ann]);
    expect(await cachedUsersOf(plain, findUsers).loadMany([1, 2])).toEqual([ann, null]);
    expect(asked).toEqual([[1, 2]]);

    await plain.flushall();
    await plain.set("user:3", "null"); // as the code before may have left it
    const loader = usersLoader(redis, findUsers);
    expect(await Promise.all([1, 2, 1].map((id) => loader.load(id)))).toEqual([ann, null, ann]);
    expect(await loader.load(3)).toBeNull();
    await eventually("both are in Redis", async () => (await plain.exists("user:1", "user:2")) === 2);
    expect(await Promise.all([1, 2].map((id) => loader.load(id)))).toEqual([ann, null]);
    expect(asked).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
});

describe("docs/migration.md, from batch objects", () => {
  it("gives the same replies in one write", async () => {
    await plain.hset("user:1", { name: "Ann" });
    await plain.sadd("friends:1", "2", "3");
    await plain.rpush("feed:1", "a", "b");
    const home = { replies: { user: { name: "Ann" }, friends: 2, feed: ["a", "b"] }, writes: 1 };
    expect(await outcome(plain, () => homeBefore(plain, 1))).toEqual(home);
    expect(await outcome(redis, () => homeAfter(redis, 1))).toEqual(home);
  });

  it("spends the same, however many spend at once, and never too much", async () => {
    const spent: Record<string, number> = {};
    const spenders = { before: () => spendBefore(plain, "balance", 7), after: () => spendAfter(redis, "balance", 7) };
    for (const [name, spend] of Object.entries(spenders)) {
      await plain.set("balance", 50);
      spent[name] = (await Promise.all(range(10).map(spend))).filter((done) => done).length;
      expect(await plain.get("balance")).toBe("1");
    }
    expect(spent).toEqual({ before: 7, after: 7 });
  });
});
