import { tickpipe } from "@tickpipe/core";
import { Command } from "ioredis";
import { expect, it, onTestFinished } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();

const codeOf = (call: unknown): Promise<unknown> =>
  (call as Promise<unknown>).then(
    (reply) => reply,
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

function unhandledRejections(): unknown[] {
  const unhandled: unknown[] = [];
  const listen = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", listen);
  onTestFinished(() => void process.off("unhandledRejection", listen));
  return unhandled;
}

it.each(["abort()", "a deadline"])(
  "%s takes what waits for a connection out of the client's queue, a MULTI whole",
  async (how) => {
    const unhandled = unhandledRejections();
    const redis = tickpipe(server.client({ lazyConnect: true }));
    const plain = server.client();
    await plain.flushall();
    const scope = redis.tickpipe.scope(how === "abort()" ? { abortable: true } : { deadlineMs: 1 });
    const own = scope.redis;
    const others = [redis.incr("other")];
    const calls = [
      own.incr("n"),
      own.call("incr", "n"),
      own.blpop("list", 0),
      own.pipeline().incr("n").incr("m").exec(),
      own.multi().incr("n").incr("m").exec(),
    ];
    others.push(redis.incr("other"));
    own.incr("nobody waits");
    own.multi().incr("nobody waits").exec();
    if (how === "abort()") scope.abort();
    // In the stack of the calls, so that no connection can be there before the deadline has passed.
    else for (const start = Date.now(); Date.now() - start < 20; );
    const code = how === "abort()" ? "ERR_TICKPIPE_ABORTED" : "ERR_TICKPIPE_DEADLINE";
    expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => code));
    expect(await Promise.all(others)).toEqual([1, 2]);
    expect(await plain.mget("n", "m", "nobody waits")).toEqual([null, null, null]);
    expect(unhandled).toEqual([]);
  },
);

it("a call that blocks on the client's own connection outlives the abort: its caller gets what it took", async () => {
  const redis = tickpipe(server.client());
  const plain = server.client();
  await Promise.all([redis.ping(), plain.del("jobs")]);
  const scope = redis.tickpipe.scope({ abortable: true });
  const job = scope.redis.blpop("jobs", 5);
  await redis.tickpipe.flush();
  scope.abort();
  expect(await codeOf(scope.redis.get("k"))).toBe("ERR_TICKPIPE_ABORTED");
  await plain.rpush("jobs", "job");
  expect(await job).toEqual(["jobs", "job"]);
});

it("a scan stream of an aborted scope ends where nobody listens to its errors, and else tells them", async () => {
  const redis = tickpipe(server.client());
  await redis.mset(Object.fromEntries(range(200).map((i) => [`key${i}`, i])));
  const scope = redis.tickpipe.scope({ abortable: true });
  const [quiet, heard] = range(2).map(() => scope.redis.scanStream({ count: 10 })) as [
    ReturnType<typeof redis.scanStream>,
    ReturnType<typeof redis.scanStream>,
  ];
  const told = new Promise((resolve) => heard.on("error", (error: Error & { code?: string }) => resolve(error.code)));
  heard.on("data", () => {});
  // Not by `once`, which listens to errors as well.
  const ended = new Promise((resolve) => quiet.on("end", resolve));
  quiet.once("data", () => scope.abort());
  quiet.resume();
  await ended;
  expect(await told).toBe("ERR_TICKPIPE_ABORTED");
});

it("a memo forgets all at what nobody knows: sendCommand, and a transaction whose function throws after it wrote", async () => {
  const redis = tickpipe(server.client());
  const { redis: own } = redis.tickpipe.scope({ memo: true });
  await own.set("k", "a");
  expect(await own.get("k")).toBe("a");
  await own.sendCommand(new Command("set", ["k", "b"]));
  expect(await own.get("k")).toBe("b");
  const failed = own.tickpipe.transaction(["other"], async (tx) => {
    await tx.set("k", "c");
    throw new RangeError("its own");
  });
  await expect(failed).rejects.toThrow("its own");
  expect(await own.get("k")).toBe("c");
});

it("what a call does to memo and budget counts from when it is called, not from its turn", async () => {
  const redis = tickpipe(server.client());
  await redis.set("k", "old");
  const { redis: own } = redis.tickpipe.scope({ memo: true, maxPerTick: 1 });
  expect(await own.get("k")).toBe("old");
  expect((await Promise.all([own.incr("x"), own.set("k", "new"), own.get("k")])).at(-1)).toBe("new");
  const capped = redis.tickpipe.scope({ maxCommands: 5, whenOverBudget: "reject", maxPerTick: 1 });
  const codes = await Promise.all(range(20).map(() => codeOf(capped.redis.get("k"))));
  expect(codes).toEqual(range(20).map((i) => (i < 5 ? "new" : "ERR_TICKPIPE_OVER_BUDGET")));
});
