import { expect, it } from "vitest";
import type { HttpCase } from "./results.ts";
import { httpTable } from "./tables.ts";

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
