import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { expectWarning } from "../process-watch.ts";
import { clientVariants } from "../variants.ts";
import { type Stage, useBothSides } from "./both-sides.ts";
import { fulfilled, rejections } from "./expected.ts";
import { ownedValue } from "./outcome.ts";

const sides = useBothSides();

/** What a server that refuses is told in mid-tick, by the client under test, so that it happens in a defined place. */
type Switch = (redis: Redis) => Promise<unknown>;

/** Three full ticks in one: before the server refuses, while it does, and after. */
async function refusedInMidTick({ tick, note, redis }: Stage, refuse: Switch, admit: Switch): Promise<void> {
  tick("before");
  note("switch", "off", refuse(redis));
  tick("during");
  note("switch", "on", admit(redis));
  tick("after");
}

// iovalkey settles what is not lean later: see network.test.ts.
describe.each(clientVariants)("errors of the server, $name", ({ make, name: client }) => {
  const options = { make, anyOrder: client === "iovalkey" };

  it("OOM: fails the writes of its time alone", async () => {
    const outcome = await sides.play(
      (stage) =>
        refusedInMidTick(
          stage,
          (redis) => redis.config("SET", "maxmemory", "1"),
          (redis) => redis.config("SET", "maxmemory", "0"),
        ),
      options,
    );
    expect(rejections(outcome, "before")).toEqual(fulfilled);
    expect(rejections(outcome, "during")).toContain("OOM command");
    expect(rejections(outcome, "after")).toEqual(fulfilled);
  });

  it("NOPERM: fails what the user may not do alone", async () => {
    const outcome = await sides.play(async (stage) => {
      await stage.control.acl("SETUSER", "reader", "on", ">secret", "~during:*", "+get", "+mget", "+strlen", "+auth");
      await refusedInMidTick(
        stage,
        (redis) => redis.auth("reader", "secret"),
        (redis) => redis.auth("default", ""),
      );
    }, options);
    expect(rejections(outcome, "before")).toEqual(fulfilled);
    expect(rejections(outcome, "during").some((message) => message.startsWith("NOPERM"))).toBe(true);
    expect(rejections(outcome, "after")).toEqual(fulfilled);
  });

  it("READONLY of a replica: fails its writes alone", async () => {
    const outcome = await sides.play(
      (stage) =>
        refusedInMidTick(
          stage,
          (redis) => redis.replicaof("127.0.0.1", 1),
          (redis) => redis.replicaof("NO", "ONE"),
        ),
      options,
    );
    expect(rejections(outcome, "before")).toEqual(fulfilled);
    expect(rejections(outcome, "during")).toContain("READONLY You");
    expect(rejections(outcome, "after")).toEqual(fulfilled);
  });

  it.each([
    [1, ["READONLY You"]],
    [2, []],
  ] as const)("READONLY with a reconnectOnError of %i, until the replica is promoted", async (answer, refused) => {
    // ioredis listens to its socket anew at each of these errors, on the plain side as on the wrapped one.
    const warnings = expectWarning("MaxListenersExceededWarning");
    const outcome = await sides.play(
      async ({ redis, control, note, gather, settled, next }) => {
        const reconnecting = next("reconnecting");
        await control.replicaof("127.0.0.1", 1);
        redis.on("reconnecting", () => {
          control.replicaof("NO", "ONE");
        });
        gather("w");
        for (const i of range(20)) {
          note(`w-${i}`, "set", redis.set(`w:s${i}`, ownedValue(`w:s${i}`, `w-${i}`)));
          note(`w-${i}`, "incr", redis.incr(`w:n${i}`));
          note(`w-${i}`, "multi", redis.multi().get(`w:s${i}`).incr(`w:m${i}`).exec());
        }
        note("w", "last", redis.echo("w:last"));
        await Promise.all([reconnecting, settled()]);
        await control.replicaof("NO", "ONE");
      },
      {
        ...options,
        anyOrder: true,
        redis: { reconnectOnError: (error) => (error.message.startsWith("READONLY") ? answer : false) },
      },
    );
    expect(rejections(outcome, "w").filter((message) => message === "READONLY You")).toEqual(refused);
    expect(warnings).toHaveLength(2);
  });

  it("NOSCRIPT after SCRIPT FLUSH in mid-tick: every script runs once, for its own caller", async () => {
    const outcome = await sides.play(async ({ redis, note, settled, gather }) => {
      redis.defineCommand("own", {
        numberOfKeys: 1,
        lua: "redis.call('incr', KEYS[1]); return ARGV[1]",
      });
      const scripts = redis as unknown as { own(key: string, value: string): Promise<unknown> };
      const run = (prefix: string, i: number) => {
        const owner = `${prefix}-${i}`;
        note(owner, "own", scripts.own(`${prefix}:s${i}`, ownedValue(`${prefix}:s${i}`, owner)));
      };
      for (const i of range(5)) run("loaded", i);
      await settled();
      gather("flushed");
      for (const i of range(5)) run("flushed", i);
      note("flush", "script", redis.script("FLUSH"));
      for (const i of range(5)) run("flushed", 5 + i);
      note("flush", "get", redis.get("flushed:s0"));
      note("flush", "last", redis.echo("flushed:last"));
    }, options);
    expect(rejections(outcome, "flush")).toEqual([]);
    expect(outcome.values).toMatchObject({ "flushed-9 own": ownedValue("flushed:s9", "flushed-9"), "flush get": "1" });
  });
});
