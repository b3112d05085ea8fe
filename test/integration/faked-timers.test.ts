import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { HOST } from "@tickpipe/test-support";
import { describe, expect, it } from "vitest";
import { useServer } from "../engine.ts";

const server = useServer();
const core = new URL("../../packages/core/dist/index.js", import.meta.url).href;
const ioredis = import.meta.resolve("ioredis");
const fakes = import.meta.resolve("@sinonjs/fake-timers");

/** All but `process.nextTick`, without which Node's own sockets do nothing: a plain client does not even connect. */
const FAKED = [
  ...["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate"],
  ...["Date", "performance", "hrtime", "queueMicrotask"],
];
const SINON = `
  import FakeTimers from ${JSON.stringify(fakes)};
  const install = () => FakeTimers.install({ toFake: ${JSON.stringify(FAKED)} });`;
const NODE_TEST = `
  import { mock } from "node:test";
  const install = () => mock.timers.enable({ apis: ["setTimeout", "setInterval", "setImmediate"] });`;

/** What settles on a client whose caps, turns, lanes and loaders all have to wait for something. */
const WORK = `
  const many = (redis, key, calls) => Promise.all(Array.from({ length: calls }, () => redis.incr(key)));
  async function work(redis, other) {
    const done = [await Promise.all([redis.set("a", 1), redis.get("a"), redis.get("a")])];
    done.push((await many(redis, "n", 30)).at(-1));
    done.push(await new Promise((resolve) => redis.get("a", (error, reply) => resolve([error, reply]))));
    if (redis.tickpipe === undefined) return [...done, 30, ["text"], [[null, 31]], ["q", "job"]];
    const scope = redis.tickpipe.scope({ maxPerTick: 3 });
    done.push((await many(scope.redis, "m", 30)).at(-1));
    const loader = redis.tickpipe.loader({ key: (id) => "l:" + id, load: async (ids) => ids.map(() => "text"), ttl: 60 });
    done.push(await Promise.all([loader.load(1)]));
    done.push(await redis.tickpipe.transaction(["n"], (tx) => tx.multi().incr("n")));
    const popped = redis.blpop("q", 5);
    await other.rpush("q", "job");
    done.push(await popped);
    return done;
  }`;

const OPTIONS: Record<string, string> = {
  "the default options": "{}",
  "maxPending and whenFull": '{ maxPending: 4, whenFull: "wait" }',
  "maxPendingBytes and whenFull": '{ maxPendingBytes: 10, whenFull: "wait" }',
  "a schedule of microtasks, and isolated blocking calls": '{ flush: "microtask", blocking: "isolate" }',
  "a schedule of process.nextTick": '{ flush: "nextTick" }',
};

function program(fakesOf: string, installedBefore: boolean): string {
  return `${fakesOf}${WORK}
    if (${installedBefore}) install();
    const { Redis } = await import(${JSON.stringify(ioredis)});
    const { tickpipe } = await import(${JSON.stringify(core)});
    if (${!installedBefore}) install();
    const seen = {};
    const make = () => new Redis(${server.port}, "${HOST}");
    const other = make();
    const sides = { plain: (redis) => redis };
    for (const [name, options] of Object.entries(${JSON.stringify(OPTIONS)})) {
      sides[name] = (redis) => tickpipe(redis, new Function("return " + options)());
    }
    for (const [name, wrap] of Object.entries(sides)) {
      const redis = wrap(make());
      await redis.flushall();
      seen[name] = await work(redis, other);
    }
    console.log(JSON.stringify(seen));
    process.exit();`;
}

describe.each([
  ["@sinonjs/fake-timers", SINON],
  ["node:test", NODE_TEST],
])("with the fakes of %s", (_name, code) => {
  it.each([
    ["before", true],
    ["after", false],
  ])("installed %s Tickpipe is loaded, every call settles, whatever waits for what", async (_when, before) => {
    const args = ["--no-warnings", "--input-type=module", "--eval", program(code, before)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 25_000 });
    const { plain, ...wrapped } = JSON.parse(stdout) as Record<string, unknown>;
    expect(plain).toBeDefined();
    for (const name of Object.keys(OPTIONS)) expect([name, wrapped[name]]).toEqual([name, plain]);
  });
});
