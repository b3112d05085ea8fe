import { describe, expect, it } from "vitest";
import { barLines, verdicts } from "./bars.ts";
import type { HttpCase, Measured, MicroResults } from "./results.ts";

const rounds = (...rates: number[]) =>
  rates.map((callsPerSecond) => ({ callsPerSecond, cpuMicrosPerCall: 1e6 / callsPerSecond }));

const gets = (callsPerTick: number, subjects: MicroResults["workloads"][number]["subjects"]) => ({
  name: `GET 16 B, ${callsPerTick} per tick`,
  callsPerTick,
  calls: 1,
  valueBytes: 16,
  commands: ["get"],
  subjects,
});

const micro = (found: Partial<MicroResults>): Measured => ({
  micro: { workloads: [], latency: [], memory: [], ...found },
});

const answered = (requestsPerSecond: number, cpuMicrosPerCall: number | null) => ({
  requestsPerSecond,
  p50Millis: 1,
  p99Millis: 1,
  cpuMicrosPerRequest: 1,
  cpuMicrosPerCall,
  errors: 0,
  non2xx: 0,
});

const peak = (calls: number, subjects: HttpCase["subjects"]): HttpCase => {
  return { calls, load: "peak", ratePerSecond: null, connections: 50, subjects };
};

describe("the bars", () => {
  it("are met or missed by the median of the ratios of each round", () => {
    const subjects = [
      { name: "hand-written pipeline()", rounds: rounds(100, 200, 100) },
      { name: "node-redis", rounds: rounds(50, 50, 50) },
      { name: "tickpipe", rounds: rounds(179, 400, 180) },
    ];
    expect(verdicts(micro({ workloads: [gets(100, subjects)] }))).toMatchObject([
      { what: expect.stringContaining("pipeline()"), measured: { median: 1.8 }, bar: "at least 1.80x", outcome: "met" },
      {
        what: expect.stringContaining("node-redis"),
        measured: { median: 3.6 },
        bar: "at least 4.00x",
        outcome: "missed",
      },
    ]);
  });

  it("tell a cluster from one server", () => {
    const subjects = [
      { name: "ioredis enableAutoPipelining", rounds: rounds(100, 100) },
      { name: "tickpipe", rounds: rounds(179, 179) },
    ];
    const workload = { ...gets(100, subjects), masters: 3, replicas: 3, writesPerNode: {} };
    expect(verdicts({ cluster: { workloads: [workload] } })).toMatchObject([
      { what: expect.stringContaining("Cluster"), shown: "1.79x", bar: "at least 1.80x", outcome: "missed" },
    ]);
  });

  it("say at most where less is better", () => {
    const memory = (ours: number) =>
      micro({
        memory: [
          {
            name: "GETs",
            commands: 1,
            subjects: [
              { name: "ioredis", rounds: [{ bytesPerCommand: 100 }] },
              { name: "tickpipe", rounds: [{ bytesPerCommand: ours }] },
            ],
          },
        ],
      });
    expect(barLines(memory(100))).toMatch(/1\.00x.*bar: at most 1\.00x +met$/);
    expect(barLines(memory(101))).toMatch(/1\.01x.*bar: at most 1\.00x +missed$/);
  });

  it("show a figure rounded against tickpipe, so that one shown at its bar has met it", () => {
    const twenty = peak(20, [
      { name: "ioredis", rounds: [answered(100, 9), answered(1000, 9), answered(50, 9)] },
      { name: "ioredis enableAutoPipelining", rounds: [answered(100, 9), answered(1000, 9), answered(100, 9)] },
      { name: "hand-written pipeline()", rounds: [answered(150, 4), answered(150, 4), answered(150, 4)] },
      { name: "tickpipe", rounds: [answered(190, 1.201), answered(1499, 1.3), answered(190, 1)] },
    ]);
    expect(verdicts({ http: { cases: [twenty] } })).toMatchObject([
      { shown: "1.90x", bar: "at least 1.90x", outcome: "met" },
      { measured: { median: 1.9 }, shown: "1.90x", bar: "at least 1.50x", outcome: "met" },
      { shown: "1.26x", outcome: "missed" },
      { measured: { median: 1.201 }, shown: "1.21 us", bar: "at most 1.20 us", outcome: "missed" },
    ]);
    const almost = peak(20, [
      { name: "ioredis", rounds: [answered(1000, 9)] },
      { name: "tickpipe", rounds: [answered(1899, 1.2)] },
    ]);
    expect(verdicts({ http: { cases: [almost] } })).toMatchObject([
      { shown: "1.89x", bar: "at least 1.90x", outcome: "missed" },
      { shown: "1.20 us", bar: "at most 1.20 us", outcome: "met" },
    ]);
  });

  it("compare an app that calls Redis with the app without, in the same rounds", () => {
    const five = peak(5, [
      { name: "tickpipe", rounds: [answered(91, 2), answered(910, 2)] },
      { name: "limit: no Redis", rounds: [answered(100, null), answered(1000, null)] },
    ]);
    const none = peak(0, [{ name: "limit: no Redis", rounds: [answered(5, null)] }]);
    expect(verdicts({ http: { cases: [none, five] } })).toMatchObject([
      { measured: { median: 0.91 }, bar: "at least 0.90x", outcome: "met" },
    ]);
  });

  it.each([-0.1, 0, Number.NaN])("take a call that costs %d us for noise", (cost) => {
    const cases = [peak(20, [{ name: "tickpipe", rounds: [answered(100, cost)] }])];
    expect(barLines({ http: { cases } })).toMatch(
      /server CPU of a Redis call +\? .* bar: at most 1\.20 us +not measured$/,
    );
  });

  it("leave out what a run did not measure", () => {
    expect(verdicts(micro({ workloads: [gets(100, [{ name: "tickpipe", rounds: rounds(1) }])] }))).toEqual([]);
    expect(barLines({})).toBe("");
  });
});
