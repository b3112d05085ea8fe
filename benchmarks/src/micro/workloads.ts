/** What a benchmark does, over and over. */
export interface Workload {
  readonly name: string;
  readonly command: "GET 16 B";
  /** Calls made together and awaited together. 1: each call awaits the one before. */
  readonly callsPerTick: number;
  /** Calls in one round: so few that many rounds fit, since a shared machine changes its speed from second to second. */
  readonly calls: number;
}

export const WORKLOADS: readonly Workload[] = [
  { name: "GET, 1 per tick, in series", command: "GET 16 B", callsPerTick: 1, calls: 1_000 },
  { name: "GET, 10 per tick", command: "GET 16 B", callsPerTick: 10, calls: 8_000 },
  { name: "GET, 100 per tick", command: "GET 16 B", callsPerTick: 100, calls: 20_000 },
];

const KEYS = 1000;

/** The keys that a workload reads. */
export const keys: readonly string[] = Array.from({ length: KEYS }, (_, i) => `key:${String(i).padStart(6, "0")}`);

/** The value of each, 16 bytes long. */
export const value = "0123456789abcdef";
