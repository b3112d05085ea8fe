import type { Latency, Memory, Throughput } from "../results.ts";
import type { Workload } from "./workloads.ts";

/** Calls at a fixed rate. */
export interface Load {
  readonly perSecond: number;
  /** Calls in one round. */
  readonly calls: number;
  /** Where the arrivals are announced. */
  readonly arrivalsPort: number;
}

/** What a subject's process can be told to do, and what it answers. */
export interface Tasks {
  /** One round; `null` if the subject cannot do this workload. */
  throughput: { readonly given: Workload; readonly answer: Throughput | null };
  /** Writes for each tick of a workload, to all connections; `null` where they cannot be counted. After all else: counting takes time. */
  writes: { readonly given: Workload; readonly answer: number | null };
  latency: { readonly given: Load; readonly answer: Latency };
  /** Sends so many commands without awaiting their replies. */
  "memory: send": { readonly given: { readonly commands: number }; readonly answer: "sent" };
  /** What they hold. */
  "memory: weigh": { readonly given: null; readonly answer: Memory };
}

export type TaskName = keyof Tasks;
