import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rmdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RequestDetail } from "@tickpipe/inspector";
import { eventually, startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { busyNote } from "../../examples/feed/src/demo/busy.ts";

const demo = fileURLToPath(new URL("../../examples/feed/dist/demo.js", import.meta.url));

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** What a test that failed may have left. */
const running: Running[] = [];

function start(args: string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [demo, ...args], { env: { ...process.env, ...env } });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const ended = once(child, "close").then(([code]) => ({ code, stdout, stderr }));
  const started = { child, ended };
  running.push(started);
  return started;
}

const short = ["--json", "--rounds", "1", "--seconds", "1"];
const figures = {
  requestsPerSecond: expect.any(Number),
  p50Ms: expect.any(Number),
  p99Ms: expect.any(Number),
  writesPerRequest: expect.any(Number),
  cpuMicrosPerRequest: expect.any(Number),
};

describe("the demo's note on a busy machine", () => {
  it("is given above one process a core, and not where nothing is counted", () => {
    expect(busyNote(2.1, 2)).toMatch(/^This machine is busy: a load of 2\.1 on 2 cores\. /);
    expect(busyNote(13, 1)).toContain("a load of 13.0 on 1 core.");
    expect([busyNote(2, 2), busyNote(0, 2)]).toEqual([null, null]);
  });
});

describe("the demo", () => {
  afterEach(async () => {
    for (const { child, ended } of running.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGINT");
      await ended;
    }
  });

  it("prints one JSON object, on a redis-server of this machine", async () => {
    const { code, stdout, stderr } = await start(short).ended;
    expect(stderr).toMatch(/^Redis: \w+-server \d/);
    const result = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(result).toMatchObject({ plain: figures, wrapped: figures, ratio: figures });
    // 29 calls a request, each a write of its own; wrapped, four waves at most, shared with other requests.
    expect(result.plain.writesPerRequest).toBeGreaterThan(28);
    expect(result.ratio.writesPerRequest).toBeLessThan(0.2);
  });

  it("runs on the embedded Valkey where there is no server, and says so, and prints a table", async () => {
    const empty = await mkdtemp(join(tmpdir(), "tickpipe-"));
    const { code, stdout, stderr } = await start(["--rounds", "1", "--seconds", "1"], { PATH: empty, REDIS_SERVER: "" })
      .ended;
    await rmdir(empty);
    expect(stderr).toMatch(/^Redis: embedded Valkey \d+\.\d+\.\d+ \(WebAssembly\)/);
    expect(stdout).toMatch(/plain ioredis +tickpipe +ratio\nrequests\/s +\d+ +\d+ +[\d.]+x\n/);
    expect(code).toBe(0);
  });

  it("uses REDIS_URL where it is set, keeps to its own keys and takes them away again", async () => {
    const server = await startRedisServer(["--requirepass", "hunter2"]);
    const url = `redis://:hunter2@127.0.0.1:${server.port}`;
    const redis = new Redis(url);
    await redis.set("mine", "stays");
    const { code, stderr } = await start(short, { REDIS_URL: url }).ended;
    expect(code).toBe(0);
    expect(stderr).toContain("Redis: the Redis of REDIS_URL");
    expect(stderr).not.toContain("hunter2");
    expect(await redis.keys("*")).toEqual(["mine"]);
    redis.disconnect();
    await server.stop();
  });

  it.each([
    [{ REDIS_URL: "redis://:hunter2@127.0.0.1:1" }, /^Redis is not reachable at REDIS_URL \(ECONNREFUSED\)\. Start it/],
    [{ REDIS_SERVER: "/nowhere/redis-server" }, /\/nowhere\/redis-server/],
  ])("says in one line what is missing, and fails, with %j", async (env, said) => {
    const { code, stdout, stderr } = await start(short, env).ended;
    expect(stderr).toMatch(said);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).not.toContain("hunter2");
    expect([code, stdout]).toEqual([1, ""]);
  });

  it.each([
    [["--rounds", "0"], "Expected --rounds"],
    [["--nonsense"], "--nonsense"],
  ])("refuses %j", async (args, said) => {
    const { code, stderr } = await start(args).ended;
    expect(stderr).toContain(said);
    expect(code).toBe(1);
  });

  it("serves the wrapped app until it is interrupted, on the port that PORT asks for", async () => {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, "close");
    const { child, ended } = start(["--serve"], { PORT: String(port) });
    const [address] = await once(child.stdout as NodeJS.ReadableStream, "data");
    const url = String(address).trim();
    expect(url).toBe(`http://127.0.0.1:${port}/feed`);
    const response = await fetch(url, { headers: { cookie: "sid=u1" } });
    const { user, posts } = (await response.json()) as { user: unknown; posts: unknown[] };
    expect([response.status, user, posts.length]).toEqual([200, { id: "u1", name: "User u1" }, 20]);
    expect((await fetch(url)).status).toBe(401);
    const careless = await fetch(new URL("/careless/u1", url));
    expect(((await careless.json()) as { posts: unknown[] }).posts).toHaveLength(10);
    const waterfall = new URL(`${careless.headers.get("x-tickpipe-inspect")}.json`, url);
    await eventually("the inspector has the request", async () => (await fetch(waterfall)).ok);
    const { problems, roundTrips, possibleRoundTrips } = (await (await fetch(waterfall)).json()) as RequestDetail;
    expect([roundTrips, possibleRoundTrips]).toEqual([13, 2]);
    const lines = readFileSync("examples/feed/src/app/careless.ts", "utf8").split("\n");
    // Which commands are slow is up to the machine.
    const certain = problems.filter(({ kind }) => kind !== "slow-command");
    const named = certain.map(({ kind, at }) => [kind, at?.file, lines[(at?.line ?? 0) - 1]?.trim()]);
    expect(named, "by the sources, through their maps").toEqual([
      ["await-in-loop", "examples/feed/src/app/careless.ts", expect.stringContaining("await redis.hgetall")],
      ["calls-in-series", "examples/feed/src/app/careless.ts", expect.stringContaining("await redis.get")],
    ]);
    child.kill("SIGINT");
    expect((await ended).code).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });
});
