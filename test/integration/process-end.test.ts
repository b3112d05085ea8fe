import { eventually, HOST, startProxy } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import { generate } from "selfsigned";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CALLS, type EndingSettings, runToItsEnd } from "../ending-program.ts";
import { useServer } from "../engine.ts";

const server = useServer();
let redis: Redis;
beforeAll(() => {
  redis = server.client();
});

const run = (ending: string, settings: Partial<EndingSettings> = {}): Promise<string> =>
  runToItsEnd(ending, { client: `new Redis(${server.port}, "${HOST}")`, ...settings });

/** All that both have written is counted. */
async function counts(): Promise<(string | null)[]> {
  const read = (): Promise<(string | null)[]> => redis.mget("plain", "wrapped");
  await eventually("what both have written has arrived", async () => (await read()).join() === `${CALLS},${CALLS}`);
  return read();
}

const endings: Record<string, string> = {
  "process.exit()": "call(); process.exit();",
  "an exception": 'call(); throw new Error("x");',
  "a rejection that nobody handles": 'call(); Promise.reject(new Error("x"));',
  "an exception whose listener kills the process":
    'process.on("uncaughtException", () => process.kill(process.pid, "SIGKILL")); call(); throw new Error("x");',
  "an exception whose listener calls, and exits":
    'process.on("uncaughtException", () => { call(); process.exit(1); }); throw new Error("x");',
  "an exception in a domain whose listener exits":
    'const domain = create(); domain.on("error", () => process.exit()); domain.run(() => { call(); throw new Error("x"); });',
  "an exit listener that calls": 'process.on("exit", call); process.exit();',
};

describe("what a tick has called is written, as with the plain client, though the process is ended in it by", () => {
  it.each(Object.entries(endings))("%s", async (_name, ending) => {
    await redis.flushall();
    await run(ending);
    expect(await counts()).toEqual([`${CALLS}`, `${CALLS}`]);
  });

  it("process.exit(), with a schedule of the user's own", async () => {
    await redis.flushall();
    await run("call(); process.exit();", { options: "{ flush: (end) => setTimeout(end, 1000) }" });
    expect(await counts()).toEqual([`${CALLS}`, `${CALLS}`]);
  });

  it.each(["process.exit();", 'throw new Error("x");'])("%s in a worker thread", async (end) => {
    await redis.flushall();
    await run(`call(); ${end}`, { inWorker: true });
    expect(await counts()).toEqual([`${CALLS}`, `${CALLS}`]);
  });
});

it("all of a tick is written over TLS, where the plain client has written the first call", async () => {
  await redis.flushall();
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], { keySize: 2048 });
  const proxy = await startProxy(server.port, { tls: { key, cert } });
  onTestFinished(() => proxy.stop());
  await run("call(); process.exit();", {
    client: `new Redis(${proxy.port}, "${HOST}", { tls: { rejectUnauthorized: false } })`,
  });
  await eventually("all has arrived", async () => (await redis.get("wrapped")) === `${CALLS}`);
  expect(Number(await redis.get("plain"))).toBeLessThanOrEqual(CALLS);
});

it("makes no warning of many listeners, with ten of the application's own and many clients", async () => {
  const said = await run(`
    for (const event of ["exit", "uncaughtExceptionMonitor"]) for (let i = 0; i < 10; i += 1) process.on(event, () => {});
    for (let i = 0; i < 20; i += 1) tickpipe(${`new Redis(${server.port}, "${HOST}")`});
    console.error(process.listenerCount("exit"), process.listenerCount("uncaughtExceptionMonitor"));
    process.exit();`);
  expect(said.trim()).toBe("11 11");
});
