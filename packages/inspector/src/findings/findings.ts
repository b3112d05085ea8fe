import type { ScopeRecord } from "@tickpipe/core";
import type { Sources } from "../source/source-files.ts";
import { awaitsInLoops } from "./await-in-loop.ts";
import { batchesOfOne } from "./batch-of-one.ts";
import { callsBehindBlocking } from "./behind-blocking.ts";
import { bigReplies } from "./big-reply.ts";
import { callsInSeries } from "./calls-in-series.ts";
import type { Finding } from "./finding.ts";
import { readsTwice } from "./read-twice.ts";
import { slowCommands } from "./slow-command.ts";
import { hasWaited, type Step, stepsOf, stepWithoutPlace } from "./steps.ts";

/** From when on a reply is big and a command is slow. */
export interface Thresholds {
  /** In bytes. */
  readonly bigReplyBytes: number;
  /** In milliseconds. */
  readonly slowMs: number;
}

/** What a request's record shows. */
export interface Diagnosis {
  readonly steps: readonly Step[];
  /** What would save most comes first. */
  readonly findings: readonly Finding[];
  /** How many round trips would be left if all of it was done. */
  readonly possibleRoundTrips: number;
}

/** Reads a record. */
export function diagnose(record: ScopeRecord, sources: Sources, thresholds: Thresholds): Diagnosis {
  const steps = stepsOf(record, sources);
  const twice = readsTwice(steps, sources);
  const loops = awaitsInLoops(steps, sources);
  const taken = new Set([...loops.flatMap((each) => each.steps), ...twice.flatMap((each) => each.movable)]);
  const findings = [
    ...loops,
    ...callsInSeries(steps, sources, taken),
    ...twice,
    ...batchesOfOne(steps).filter((each) => !each.steps.some((step) => taken.has(step))),
    ...callsBehindBlocking(steps),
    ...bigReplies(steps, thresholds.bigReplyBytes),
    ...slowCommands(steps, thresholds.slowMs),
  ];
  return {
    steps,
    findings: findings.sort((a, b) => b.movable.length - a.movable.length),
    possibleRoundTrips: record.stats.roundTrips - sparedRoundTrips(steps, findings),
  };
}

/** The calls of a record alone, without their places. */
export function undiagnosed({ calls, stats }: ScopeRecord): Diagnosis {
  return { steps: calls.map(stepWithoutPlace), findings: [], possibleRoundTrips: stats.roundTrips };
}

/** A round trip is spared if all its calls could have gone with earlier ones. */
function sparedRoundTrips(steps: readonly Step[], findings: readonly Finding[]): number {
  const movable = new Set(findings.flatMap((finding) => finding.movable));
  const sent = steps.filter(hasWaited);
  const needed = new Set(sent.filter((step) => !movable.has(step)).map(({ call }) => call.roundTrip));
  const all = new Set(sent.map(({ call }) => call.roundTrip));
  return all.size - needed.size;
}
