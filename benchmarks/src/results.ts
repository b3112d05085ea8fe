/* The raw figures that a run keeps, round by round: what `--json` writes and `bench:report` reads. */
import type { Environment } from "./environment.ts";

/** What a subject measured: the `i`th rounds of all subjects stand side by side. */
export interface SubjectRounds<Round> {
  readonly name: string;
  readonly rounds: readonly Round[];
}

/** One round of calls as fast as they go. */
export interface Throughput {
  readonly callsPerSecond: number;
  /** CPU time of the subject's process, user and system, for each call, in microseconds. */
  readonly cpuMicrosPerCall: number;
}

/** One round of calls at a fixed rate. Each is timed from when it was due, not from when it was made. */
export interface Latency {
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly cpuMicrosPerCall: number;
}

/** What commands in flight hold, in a fresh process. */
export interface Memory {
  /** On V8's heap and in Buffers beside it. */
  readonly bytesPerCommand: number;
}

export interface WorkloadResult {
  readonly name: string;
  readonly callsPerTick: number;
  /** Calls in one round. */
  readonly calls: number;
  readonly valueBytes: number;
  readonly commands: readonly string[];
  readonly subjects: readonly SubjectRounds<Throughput>[];
}

/** The same workload on a cluster. */
export interface ClusterResult extends WorkloadResult {
  readonly masters: number;
  readonly replicas: number;
  /** Writes for each master and tick, by subject; `null` where they cannot be counted. */
  readonly writesPerNode: Readonly<Record<string, number | null>>;
}

export interface LatencyResult {
  readonly name: string;
  readonly perSecond: number;
  /** Calls in one round. */
  readonly calls: number;
  /** A PING's, measured before the run, in milliseconds: the delay, and what the machine adds. */
  readonly roundTripMillis: number;
  readonly subjects: readonly SubjectRounds<Latency>[];
}

export interface MemoryResult {
  readonly name: string;
  /** Commands in flight. */
  readonly commands: number;
  readonly subjects: readonly SubjectRounds<Memory>[];
}

/** What `pnpm bench --json FILE` writes. */
export interface MicroResults {
  readonly kind: "micro";
  readonly command: string;
  readonly environment?: Environment;
  readonly workloads: readonly WorkloadResult[];
  readonly latency: readonly LatencyResult[];
  readonly memory: readonly MemoryResult[];
}

/** What `pnpm bench --cluster --json FILE` writes. */
export interface ClusterResults {
  readonly kind: "cluster";
  readonly command: string;
  readonly environment?: Environment;
  readonly workloads: readonly ClusterResult[];
}

/** One slice of load on an app. */
export interface LoadRound {
  readonly requestsPerSecond: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
  /** Connections that failed and requests that timed out. */
  readonly errors: number;
  readonly non2xx: number;
}

/** The same on an app of the benchmark. */
export interface HttpRound extends LoadRound {
  /** CPU time of the app's process, user and system. */
  readonly cpuMicrosPerRequest: number;
  /** What a request costs more than without Redis, in the same round, for each of its calls; `null` without calls. */
  readonly cpuMicrosPerCall: number | null;
}

/** What some apps did under one load. */
export interface LoadResult<Round extends LoadRound> {
  /** `peak`: as many requests as an app answers. `fixed`: at `ratePerSecond`. */
  readonly load: "peak" | "fixed";
  readonly ratePerSecond: number | null;
  readonly connections: number;
  readonly subjects: readonly SubjectRounds<Round>[];
}

export interface HttpCase extends LoadResult<HttpRound> {
  /** Redis calls in a request. */
  readonly calls: number;
}

/** What `pnpm bench:http --json FILE` writes. */
export interface HttpResults {
  readonly kind: "http";
  readonly command: string;
  readonly environment?: Environment;
  readonly cases: readonly HttpCase[];
}

/** What `pnpm bench:http --url URL --json FILE` writes. Nothing is known of the app's CPU and environment. */
export interface HttpUrlResults {
  readonly kind: "http-url";
  readonly command: string;
  readonly cases: readonly LoadResult<LoadRound>[];
}

/** What was measured, without how; what was not is absent. */
export interface Measured {
  readonly micro?: Pick<MicroResults, "workloads" | "latency" | "memory">;
  readonly cluster?: Pick<ClusterResults, "workloads">;
  readonly http?: Pick<HttpResults, "cases">;
}

/** All that there is; what was not measured is absent. */
export interface Results extends Measured {
  readonly micro?: MicroResults;
  readonly cluster?: ClusterResults;
  readonly http?: HttpResults;
}

/** A subject's figures, round by round; none if it did not take part. */
export function figuresOf<Round>(
  subjects: readonly SubjectRounds<Round>[] | undefined,
  name: string,
  figure: (round: Round) => number,
): number[] {
  return (subjects?.find((subject) => subject.name === name)?.rounds ?? []).map(figure);
}

/** Raw results as a file keeps them: six digits are more than any of them means. A subject's rounds stand on one line. */
export function toJson(results: MicroResults | ClusterResults | HttpResults | HttpUrlResults): string {
  const short = (_key: string, value: unknown): unknown =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value;
  const lines = JSON.stringify(results, short, 1);
  return `${lines.replace(/"rounds": \[[^\]]*\]/g, (rounds) => rounds.replace(/\s+/g, " "))}\n`;
}
