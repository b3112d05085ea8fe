import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { inspector } from "@tickpipe/inspector";
import express, { type RequestHandler } from "express";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("../../benchmarks/dist/http/run.js", import.meta.url));

async function run(args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, ...args]);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

/** As short as they may be. One that a busy machine stalls is run again. */
const SLICES = ["--rounds", "1", "--seconds", "0.1"];

let folder: string;
let json: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tickpipe-"));
  json = join(folder, "rounds.json");
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const rounds = async () => JSON.parse(await readFile(json, "utf8"));

const load = {
  requestsPerSecond: expect.any(Number),
  p50Millis: expect.any(Number),
  p99Millis: expect.any(Number),
  errors: 0,
  non2xx: 0,
};

const figures = { ...load, cpuMicrosPerRequest: expect.any(Number), cpuMicrosPerCall: expect.any(Number) };
const limit = { name: "limit: no Redis", rounds: [{ ...figures, cpuMicrosPerCall: null }] };

describe("the HTTP benchmark", () => {
  it("loads every subject, whose answers hold the values of Redis, at its peak and at one rate for all", async () => {
    // One call and several are answered in other shapes.
    const args = ["--calls", "1,3", ...SLICES, "--json", json];
    const { code, stdout, stderr } = await run(args);
    expect(stderr.replaceAll(".", "").trim()).toBe("");
    expect(code).toBe(0);
    const { kind, command, environment, cases } = await rounds();
    expect([kind, command]).toEqual(["http", `pnpm bench:http ${args.join(" ")}`]);
    expect(environment).toMatchObject({ node: process.version, redis: expect.stringContaining("redis-server") });
    const names = [
      "ioredis",
      "ioredis enableAutoPipelining",
      "hand-written pipeline()",
      "ioredis-auto-pipeline",
      "node-redis",
      "valkey-glide",
      "tickpipe",
    ];
    const subjects = [...names.map((name) => ({ name, rounds: [figures] })), limit];
    const peak = { load: "peak", ratePerSecond: null, connections: 50, subjects };
    const fixed = { load: "fixed", ratePerSecond: expect.any(Number), connections: 50, subjects };
    expect(cases).toEqual([
      { calls: 1, ...peak },
      { calls: 1, ...fixed },
      { calls: 3, ...peak },
      { calls: 3, ...fixed },
    ]);
    const slowest = Math.min(...cases[0].subjects.map((each: typeof limit) => each.rounds[0]?.requestsPerSecond));
    // The file has six digits of the peak, which the rate is a whole number below.
    expect(Math.abs(cases[1].ratePerSecond + 0.5 - slowest * 0.6)).toBeLessThan(0.51);
    expect(stdout).toMatch(/\n1 calls a request, full load, 50 connections; /);
    // There is none for 1 and 3 calls.
    expect(stdout).not.toContain("bar:");
  });

  it("measures the app without Redis once, and says of the bars of its cases whether they are met", async () => {
    const args = ["--calls", "0,20", "--only", "tickpipe", ...SLICES, "--rounds", "2", "--json", json];
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    const { cases } = await rounds();
    const shape = cases.map(
      ({ calls, load, subjects }: { calls: number; load: string; subjects: (typeof limit)[] }) => [
        calls,
        load,
        ...subjects.map(({ name, rounds }) => `${name} x ${rounds.length}`),
      ],
    );
    expect(shape).toEqual([
      [0, "peak", "limit: no Redis x 2"],
      [0, "fixed", "limit: no Redis x 2"],
      [20, "peak", "tickpipe x 2", "limit: no Redis x 2"],
      [20, "fixed", "tickpipe x 2", "limit: no Redis x 2"],
    ]);
    const [ours, without] = cases[2].subjects;
    const [round, beside] = [ours.rounds[1], without.rounds[1]];
    // The file has six digits of each.
    expect(round.cpuMicrosPerCall).toBeCloseTo((round.cpuMicrosPerRequest - beside.cpuMicrosPerRequest) / 20, 2);
    // No peer took part, and 5 calls were not measured: the cost of a call is the only bar.
    expect(stdout.match(/bar:/g)).toHaveLength(1);
    const [, shown, outcome] =
      /server CPU of a Redis call +(\S+).* bar: at most 1\.20 us +([\w ]+)\n/.exec(stdout) ?? [];
    const median = (ours.rounds[0].cpuMicrosPerCall + ours.rounds[1].cpuMicrosPerCall) / 2;
    // So short a run on a busy machine may find that a call costs less than nothing.
    expect(outcome).toBe(median > 0 ? (median <= 1.2 ? "met" : "missed") : "not measured");
    expect(shown).toMatch(median > 0 ? /^\d+\.\d\d$/ : /^\?$/);
  });

  it("compares what scopes cost with an app that goes without", async () => {
    const { code, stdout, stderr } = await run(["--scopes", "--calls", "3", ...SLICES, "--json", json]);
    expect(stderr.replaceAll(".", "").trim()).toBe("");
    expect(code).toBe(0);
    const { cases } = await rounds();
    const names = cases[0].subjects.map(({ name }: { name: string }) => name);
    expect(names).toEqual([
      "tickpipe, dedupe off",
      "tickpipe",
      "perRequest, ambient off",
      "perRequest, called by req.redis",
      "perRequest, called by the module's redis",
      "perRequest, observed, called by the module's redis",
      "perRequest, ambient, called by the module's redis",
      "limit: no Redis",
    ]);
    expect(stdout).toContain("to tickpipe, dedupe off");
    expect(stdout).not.toContain("bar:");
  });

  it("refuses what it cannot do before it begins", async () => {
    const refused = await Promise.all([
      run(["--rounds", "0"]),
      run(["--only", "nothing"]),
      run(["--json", "/nowhere/rounds.json"]),
    ]);
    expect(refused).toEqual([
      { code: 1, stdout: "", stderr: expect.stringContaining("Expected --rounds") },
      { code: 1, stdout: "", stderr: expect.stringContaining("Expected --only") },
      { code: 1, stdout: "", stderr: expect.stringContaining("/nowhere") },
    ]);
  });
});

describe("the HTTP benchmark with --url", () => {
  const servers: Server[] = [];

  async function serve(handler: RequestHandler): Promise<string> {
    const server = express().use(handler).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  afterAll(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  it("loads an app of the user's own and prints a table, without the URL's secrets", async () => {
    let [served, cutOff] = [0, 0];
    const origin = await serve((_req, res) => {
      served += 1;
      res.once("close", () => {
        if (!res.writableFinished) cutOff += 1;
      });
      setTimeout(() => res.send("hello"), 5);
    });
    const asked = `${origin}/feed?token=hunter2`;
    const { code, stdout, stderr } = await run(["--url", asked, ...SLICES, "--rounds", "2", "--json", json]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/requests\/s +least-most +p50 ms +p99 ms +errors +non-2xx\n/);
    expect(stdout).toMatch(new RegExp(`\n${origin}/feed +[\\d,]+ +[\\d,]+-[\\d,]+ +[\\d.]+ +[\\d.]+ +0 +0\n$`));
    expect(stdout).not.toContain("hunter2");
    expect(served).toBeGreaterThan(0);
    expect(cutOff, "requests that looked like a browser that hung up").toBe(0);
    const { kind, command, cases } = await rounds();
    expect(kind).toBe("http-url");
    expect(command).toContain(`--url ${origin}/feed --rounds 1`);
    const subjects = [{ name: `${origin}/feed`, rounds: [load, load] }];
    expect(cases).toEqual([{ load: "peak", ratePerSecond: null, connections: 50, subjects }]);
  });

  it("loads several apps in turns, and compares them with the first", async () => {
    const [quick, slow] = [await serve((_req, res) => res.send("a")), await serve((_req, res) => res.send("b"))];
    const urls = [`${quick}/feed?a=hunter2`, `${slow}/feed`, `${quick}/feed?b=hunter2`];
    const args = [...urls.flatMap((url) => ["--url", url]), ...SLICES, "--rounds", "2", "--json", json];
    const { code, stdout, stderr } = await run(args);
    expect([code, stderr]).toEqual([0, ""]);
    const rows = stdout.trimEnd().split("\n").slice(1);
    expect(rows[0]).toMatch(/non-2xx +requests\/s to the first +middle half$/);
    expect(rows[1]).toMatch(new RegExp(`^${quick}/feed  .+ 0 +0 +1.00x +1.00-1.00$`));
    expect(rows[2]).toMatch(new RegExp(`^${slow}/feed  .+ 0 +0 +[\\d.]+x +[\\d.]+-[\\d.]+$`));
    expect(rows[3]).toMatch(new RegExp(`^${quick}/feed \\(2\\)  .+ 0 +0 +[\\d.]+x`));
    const { command, cases } = await rounds();
    expect(stdout + command).not.toContain("hunter2");
    expect(cases[0].subjects.map((subject: { rounds: unknown[] }) => subject.rounds.length)).toEqual([2, 2, 2]);
  });

  it("ends with the first app that fails, and names it", async () => {
    let served = 0;
    const well = await serve((_req, res) => {
      served += 1;
      res.send("hello");
    });
    const broken = await serve((_req, res) => {
      res.status(500).send("broken");
    });
    const { code, stdout, stderr } = await run(["--url", broken, "--url", well, ...SLICES]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${broken}/: 0 requests failed or timed out, \\d+ were answered with another`));
    expect(stdout).toContain(broken);
    expect(stdout).not.toContain(well);
    // The look at its headers.
    expect(served).toBe(1);
  });

  it("warns when the inspector would be measured as well", async () => {
    const redis = tickpipe(new Redis({ lazyConnect: true }));
    const page = inspector(redis);
    const app = express().use(perRequest(redis), page);
    const origin = await serve(app.get("/feed", (_req, res) => void res.send("hello")));
    const { code, stderr } = await run(["--url", `${origin}/feed?token=hunter2`, ...SLICES]);
    page.close();
    redis.disconnect();
    expect(code).toBe(0);
    expect(stderr).toBe(
      `${origin}/feed: the inspector is on, and takes a good part of what is measured. Start the app with NODE_ENV=production.\n`,
    );
  });

  it("sends no more than the rate that is asked for", async () => {
    let served = 0;
    const origin = await serve((_req, res) => {
      served += 1;
      res.send("hello");
    });
    const args = ["--url", origin, "--connections", "4", "--rate", "40", "--rounds", "1", "--seconds", "0.5"];
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    expect(stdout).toContain("40 a second, 4 connections");
    // Half a second of warming up and one that counts. Without a rate, a second has more than a thousand requests.
    expect(served).toBeGreaterThan(0);
    expect(served).toBeLessThan(2 * 40);
  });

  it("fails with a message when the app answers with 500, none listens, or none answers", async () => {
    const broken = await serve((_req, res) => {
      res.status(500).send("broken");
    });
    const silent = await serve(() => {});
    // Fewer slices until the silent one is given up.
    const [failed, unanswered, refused] = await Promise.all(
      [broken, silent, "http://127.0.0.1:1"].map((url) => run(["--url", url, ...SLICES, "--seconds", "0.5"])),
    );
    expect(failed?.stderr).toMatch(
      /: 0 requests failed or timed out, \d+ were answered with another status than 2xx; expected none/,
    );
    expect(failed?.stdout).toMatch(/ 0 +[\d,]+\n$/);
    expect(unanswered?.stderr).toBe(`${silent}/: no request was answered.\n`);
    expect(refused?.stderr).toMatch(/^http:\/\/127\.0\.0\.1:1\/: \d+ requests failed or timed out/);
    expect([failed?.code, unanswered?.code, refused?.code]).toEqual([1, 1, 1]);
  });
});
