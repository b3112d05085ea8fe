import { expect, it } from "vitest";
import type { ClusterResult, HttpCase } from "./results.ts";
import { clusterTable, httpTable } from "./tables.ts";

const round = (requestsPerSecond: number, p99Millis: number, cpuMicrosPerCall: number | null) => ({
  requestsPerSecond,
  p50Millis: 1,
  p99Millis,
  cpuMicrosPerRequest: 100,
  cpuMicrosPerCall,
  errors: 0,
  non2xx: 0,
});

const measured = (load: HttpCase["load"], subjects: HttpCase["subjects"]): HttpCase => {
  return { calls: 5, load, ratePerSecond: null, connections: 50, subjects };
};

const both = [
  { name: "ioredis", rounds: [round(100, 8, 4)] },
  { name: "tickpipe", rounds: [round(200, 2, 1)] },
];

it("compares requests/s at the peak, and p99 at a rate", () => {
  expect(httpTable(measured("peak", both)).rows).toEqual([
    ["ioredis", "100", "1.00", "8.00", "100", "4.00", "1.00x", "1.00-1.00", "2.00x"],
    ["tickpipe", "200", "1.00", "2.00", "100", "1.00", "2.00x", "2.00-2.00", "1.00x"],
  ]);
  expect(httpTable(measured("fixed", both)).rows.map((cells) => cells.at(-1))).toEqual(["0.25x", "1.00x"]);
});

it("has no column for what no subject has", () => {
  const { titles, rows } = httpTable(measured("peak", [{ name: "limit: no Redis", rounds: [round(300, 1, null)] }]));
  expect(titles).toEqual(["", "requests/s", "p50 ms", "p99 ms", "CPU us/request"]);
  expect(rows).toEqual([["limit: no Redis", "300", "1.00", "1.00", "100"]]);
});

it("shows the writes to each node of a cluster, where they can be counted", () => {
  const rounds = (callsPerSecond: number) => [{ callsPerSecond, cpuMicrosPerCall: 5 }];
  const result: ClusterResult = {
    ...{ name: "GET", callsPerTick: 100, calls: 100, valueBytes: 16, commands: ["get"], masters: 3, replicas: 3 },
    writesPerNode: { ioredis: 100 / 3, "valkey-glide": null, tickpipe: 1 },
    subjects: [
      { name: "ioredis", rounds: rounds(100) },
      { name: "valkey-glide", rounds: rounds(50) },
      { name: "tickpipe", rounds: rounds(300) },
    ],
  };
  const { titles, rows } = clusterTable(result);
  expect(titles.slice(0, 4)).toEqual(["", "calls/s", "CPU us/call", "writes/node"]);
  expect(rows.map((cells) => cells.slice(0, 5))).toEqual([
    ["ioredis", "100", "5.00", "33.33", "1.00x"],
    ["valkey-glide", "50", "5.00", "", "0.50x"],
    ["tickpipe", "300", "5.00", "1.00", "3.00x"],
  ]);
});
