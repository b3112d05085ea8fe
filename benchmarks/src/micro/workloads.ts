/** One call of a workload. Its key and value are made before the clock starts. */
export interface Call {
  readonly command: "get" | "set" | "hgetall" | "incr";
  readonly key: string;
  readonly value: string;
}

/** What a benchmark does, over and over. */
export interface Workload {
  readonly name: string;
  /** What the calls are: read one key each, or something else. Only the first has the limits beside it. */
  readonly kind: "get" | "other";
  readonly valueBytes: number;
  /** Calls made together and awaited together. 1: each call awaits the one before. */
  readonly callsPerTick: number;
  /** Calls in one round: so few that many rounds fit, since a shared machine changes its speed from second to second. */
  readonly calls: number;
  /** How many times as many rounds it needs as others, its rounds being less alike. */
  readonly moreRounds: number;
  /** The commands, in turn. */
  readonly commands: readonly Call["command"][];
  /** Whether `--quick` runs it. */
  readonly quick: boolean;
}

const gets = (valueBytes: number, size: string, callsPerTick: number, calls: number, quick = false): Workload => ({
  name: `GET ${size}, ${callsPerTick} per tick`,
  kind: "get",
  valueBytes,
  callsPerTick,
  calls,
  moreRounds: callsPerTick === 1 ? 3 : 1,
  commands: ["get"],
  quick,
});

const per100 = (name: string, commands: readonly Call["command"][]): Workload => ({
  name: `${name}, 100 per tick`,
  kind: "other",
  valueBytes: 16,
  callsPerTick: 100,
  calls: 8_000,
  moreRounds: 1,
  commands,
  quick: false,
});

/** Those of a group are measured in one turn, since they are compared with each other. */
export const WORKLOAD_GROUPS: readonly (readonly Workload[])[] = [
  [gets(16, "16 B", 1, 500, true)],
  [gets(16, "16 B", 10, 4_000, true)],
  [gets(16, "16 B", 100, 15_000, true)],
  [gets(16, "16 B", 1_000, 20_000), gets(16, "16 B", 10_000, 20_000)],
  [gets(512, "512 B", 100, 10_000)],
  [gets(16 * 1024, "16 KiB", 100, 2_000)],
  [per100("SET 16 B", ["set"])],
  [per100("HGETALL of 20 fields", ["hgetall"])],
  [per100("INCR", ["incr"])],
  [per100("4 GET to 1 SET", ["get", "get", "get", "get", "set"])],
];

/** On a cluster. The hash of a key decides on its node, so that keys in series are at random there. */
export const CLUSTER_GROUPS: readonly (readonly Workload[])[] = [
  [gets(16, "16 B", 10, 4_000)],
  [gets(16, "16 B", 100, 15_000, true)],
  [per100("SET 16 B", ["set"])],
  [per100("4 GET to 1 SET", ["get", "get", "get", "get", "set"])],
];

/** How many keys each workload goes round; one with larger ticks has a key for each call, since tickpipe would not send the same read twice. */
const KEYS = 1000;

export function keysOf({ callsPerTick }: Pick<Workload, "callsPerTick">): number {
  return Math.max(KEYS, callsPerTick);
}

const PREFIX = { get: "value", set: "value", hgetall: "hash", incr: "counter" } as const;

/** The key of a command's `i`th call, of one length for all. */
export function keyOf(command: Call["command"], i: number): string {
  return `${PREFIX[command]}:${String(i).padStart(6, "0")}`;
}

/** A call for each key, to be gone round. */
function callsOf({
  commands,
  valueBytes,
  callsPerTick,
}: Pick<Workload, "commands" | "valueBytes" | "callsPerTick">): Call[] {
  const value = "x".repeat(valueBytes);
  return Array.from({ length: keysOf({ callsPerTick }) }, (_, i) => {
    const command = commands[i % commands.length] ?? "get";
    return { command, key: keyOf(command, i), value };
  });
}

/** The calls of each tick, to be gone round. */
export function ticksOf(workload: Pick<Workload, "commands" | "valueBytes" | "callsPerTick">): Call[][] {
  const all = callsOf(workload);
  const { callsPerTick } = workload;
  return Array.from({ length: Math.ceil(all.length / callsPerTick) }, (_, i) =>
    all.slice(i * callsPerTick, (i + 1) * callsPerTick),
  );
}

/** GETs of small values, of one size each: as many as a tick has, at least. */
export function smallGets(callsPerTick: number): Call[] {
  return callsOf({ commands: ["get"], valueBytes: 16, callsPerTick });
}

/** Bytes that one of them is on the wire, the same for each. */
export const SMALL_GET_BYTES: number = (() => {
  const key = keyOf("get", 0);
  return `*2\r\n$3\r\nget\r\n$${key.length}\r\n${key}\r\n`.length;
})();
