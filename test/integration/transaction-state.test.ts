import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { Command, type Redis, type RedisOptions } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { useServer } from "../engine.ts";

const server = useServer();
let other: Redis;

beforeAll(async () => {
  other = server.client();
});

beforeEach(async () => {
  await other.flushall();
  await other.call("ACL", "SETUSER", "bob", "on", ">pw", "~*", "+@all");
});

/** The user and the database that the commands of a transaction have, and those of the client's own connection. */
async function whoAndWhere(redis: Tickpiped<Redis>): Promise<[Promise<unknown>, Promise<unknown>]> {
  const inTransaction = redis.tickpipe.transaction(["k"], (tx) => tx.multi().call("ACL", "WHOAMI").client("INFO"));
  const own = Promise.all([redis.call("ACL", "WHOAMI"), redis.client("INFO")]);
  const seen = (user: unknown, info: unknown): unknown[] => [user, /db=(\d+)/.exec(String(info))?.[1]];
  return [
    inTransaction.then((replies) => seen(replies?.[0]?.[1], replies?.[1]?.[1])),
    own.then(([user, info]) => seen(user, info)),
  ];
}

const states: Record<string, RedisOptions> = {
  connected: {},
  connecting: {},
  "not connected yet": { lazyConnect: true },
};

const changes: Record<string, (redis: Tickpiped<Redis>) => unknown> = {
  "AUTH and SELECT": (redis) => [redis.auth("bob", "pw"), redis.select(3)],
  "AUTH and SELECT by call()": (redis) => [redis.call("AUTH", "bob", "pw"), redis.call("SELECT", 3)],
  "AUTH and SELECT in a pipeline": (redis) => redis.pipeline().auth("bob", "pw").select(3).exec(),
  "SELECT by sendCommand()": (redis) => redis.sendCommand(new Command("select", ["3"])),
  "SELECT twice": (redis) => [redis.select(4), redis.select(3)],
  "AUTH that fails": (redis) => redis.auth("bob", "wrong").catch(() => {}),
};

describe.each(Object.entries(states))("a transaction in the tick of a change, %s", (state, options) => {
  it.each(Object.entries(changes))("has the user and the database as of its call: %s", async (_name, change) => {
    const redis = tickpipe(server.client(options));
    if (state === "connected") await redis.ping();
    void change(redis);
    const [inTransaction, own] = await whoAndWhere(redis);
    // What comes after is not for it.
    redis.select(7);
    expect(await inTransaction).toEqual(await own);
  });
});

describe("a transaction that a scope keeps for a later turn", () => {
  it("has the user, the database and the keys of its call", async () => {
    const redis = tickpipe(server.client());
    await redis.ping();
    const scope = redis.tickpipe.scope({ maxPerTick: 1 });
    const keys = ["k"];
    scope.redis.get("first");
    const kept = scope.redis.tickpipe.transaction(keys, (tx) => tx.multi().client("INFO"));
    keys[0] = "other";
    expect(String((await kept)?.[0]?.[1])).toContain("db=0");
  });
});
