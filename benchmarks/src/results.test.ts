import { expect, it } from "vitest";
import { type MicroResults, toJson } from "./results.ts";

it("keeps the raw figures of a subject on one line, to six digits", () => {
  const rounds = [{ bytesPerCommand: 123.4567891 }, { bytesPerCommand: 7 }];
  const results: MicroResults = {
    kind: "micro",
    command: "pnpm bench [x]",
    workloads: [],
    latency: [],
    memory: [{ name: "GETs", commands: 20_000, subjects: [{ name: "ioredis", rounds }] }],
  };
  const json = toJson(results);
  expect(JSON.parse(json).memory[0].subjects[0].rounds).toEqual([{ bytesPerCommand: 123.457 }, { bytesPerCommand: 7 }]);
  expect(json.split("\n").filter((line) => line.includes("bytesPerCommand"))).toHaveLength(1);
  expect(JSON.parse(json).command).toBe("pnpm bench [x]");
});
