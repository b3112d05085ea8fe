import { parseArgs } from "node:util";
import { CLUSTER_GROUPS, WORKLOAD_GROUPS, type Workload } from "./workloads.ts";

export const USAGE = `Usage: bench [--quick] [--only TEXT] [--latency] [--memory] [--cluster] [--rounds N] [--json FILE]
  --quick      GET with 1, 10 and 100 calls per tick, fewer rounds: under a minute
  --only TEXT  the workloads whose names contain the text, without latency and memory
  --latency    p50 and p99 over a 2 ms round trip; alone, or with --memory
  --memory     bytes of a pending command; alone, or with --latency
  --cluster    calls on a cluster of 3 masters and 3 replicas, and the writes to each; with --quick, --only, --rounds and --json
  --rounds N   rounds of each subject, 11 if not given (33 of one call per tick), 7 for latency, 5 for memory and with --quick
  --json FILE  writes the raw figures, for bench:report`;

/** What a run is to do. */
export interface Plan {
  /** As it was asked for. */
  readonly command: string;
  readonly groups: readonly (readonly Workload[])[];
  /** How long each group may take: on a busy machine `--quick` has fewer rounds, and still ends within a minute. */
  readonly groupMillis: number;
  readonly rounds: { readonly latency: number; readonly memory: number; of(workload: Workload): number };
  readonly latency: boolean;
  readonly memory: boolean;
  /** Whether the groups are to be measured on a cluster, and nothing else. */
  readonly cluster: boolean;
  readonly json: string | undefined;
}

/**
 * @returns `null` if the usage was asked for
 * @throws {Error} if it cannot be done
 */
export function planOf(args: string[]): Plan | null {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      latency: { type: "boolean", default: false },
      memory: { type: "boolean", default: false },
      cluster: { type: "boolean", default: false },
      rounds: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const { quick, only, latency, memory, cluster, json } = values;
  if (cluster && (latency || memory))
    throw new Error("Expected --cluster without --latency and --memory, which are measured on one server.");
  const asked = values.rounds === undefined ? undefined : Number(values.rounds);
  if (asked !== undefined && (!Number.isInteger(asked) || asked < 1)) {
    throw new Error("Expected --rounds to be a whole number from 1 on.");
  }
  const calls = only !== undefined || !(latency || memory);
  const groups = (cluster ? CLUSTER_GROUPS : WORKLOAD_GROUPS)
    .map((group) =>
      group.filter((workload) => calls && workload.name.includes(only ?? "") && (workload.quick || !quick)),
    )
    .filter((group) => group.length > 0);
  if (calls && groups.length === 0) throw new Error("Expected --only to be a part of a workload's name; none has it.");
  const all = only === undefined && !quick && calls && !cluster;
  return {
    command: ["pnpm bench", ...args].join(" "),
    groups,
    groupMillis: quick ? 11_000 : Number.POSITIVE_INFINITY,
    rounds: {
      of: ({ moreRounds }) => asked ?? (quick ? 5 : 11 * moreRounds),
      latency: asked ?? (quick ? 5 : 7),
      memory: asked ?? 5,
    },
    latency: latency || all,
    memory: memory || all,
    cluster,
    json,
  };
}
