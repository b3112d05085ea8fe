/* pnpm bench:cork: what corking costs a tick of a cluster client, by the number of its nodes and of those that are called. */
import { Writable } from "node:stream";
import { median } from "@tickpipe/test-support";
import { textTable } from "../text-table.ts";

/** The parts of the core that are measured, which no user imports: read from its build. */
interface CorkModules {
  readonly ClusterCork: new (
    cluster: { readonly status: string },
    schedule: (flush: () => void) => void,
    maxBatchBytes: number,
    counters: object,
  ) => { begin(): void; count(commands: number): void; wrote(): void; flush(): void };
  readonly BatchCounters: new () => object;
  followWrites(node: { readonly status: string; readonly stream: Writable }, cork: object): void;
}

async function builtParts(): Promise<CorkModules> {
  const files = ["tick/cluster-cork.js", "tick/node-streams.js", "observe/batch-counters.js"];
  const built = files.map((file) => import(new URL(`../../../packages/core/dist/${file}`, import.meta.url).href));
  return Object.assign({}, ...(await Promise.all(built))) as CorkModules;
}

const NODES = [1, 3, 10, 30, 100, 200];
/** Of a tick's nodes, so many are called where not all are. */
const FEW = 3;
const ROUNDS = 15;
/** Writes in a round, so that one of few nodes takes as long as one of many. */
const WRITES = 60_000;
const COMMAND = "*2\r\n$3\r\nget\r\n$12\r\nvalue:000000\r\n";

/** A socket that takes all at once, as one does whose send buffer has room. */
function standIn(): Writable {
  return new Writable({
    decodeStrings: false,
    defaultEncoding: "utf8",
    write: (_chunk, _encoding, done) => done(),
    writev: (_chunks, done) => done(),
  });
}

/** One tick, again and again; returns its microseconds. */
function microsOf(tick: () => void, writes: number): number {
  const ticks = Math.ceil(WRITES / writes);
  const start = process.hrtime.bigint();
  for (let i = 0; i < ticks; i++) tick();
  return Number(process.hrtime.bigint() - start) / 1e3 / ticks;
}

const { ClusterCork, BatchCounters, followWrites } = await builtParts();

/** The ticks to be compared, on some nodes: as ioredis writes, and corked. */
function ticksOn(nodes: number) {
  const plain = Array.from({ length: nodes }, standIn);
  const corked = Array.from({ length: nodes }, standIn);
  const cork = new ClusterCork({ status: "ready" }, () => {}, Number.POSITIVE_INFINITY, new BatchCounters());
  for (const stream of corked) followWrites({ status: "ready", stream }, cork);
  const write = (streams: readonly Writable[]) => (): void => {
    for (const stream of streams) stream.write(COMMAND, "utf8");
  };
  const writeCorked = (streams: readonly Writable[]) => (): void => {
    for (const stream of streams) {
      cork.begin();
      cork.count(1);
      stream.write(COMMAND, "utf8");
      cork.wrote();
    }
    cork.flush();
  };
  const few = Math.min(FEW, nodes);
  return {
    all: { plain: write(plain), corked: writeCorked(corked), writes: nodes },
    few: { plain: write(plain.slice(0, few)), corked: writeCorked(corked.slice(0, few)), writes: few },
  };
}

process.stdout.write(`Node ${process.version}; microseconds of a tick, medians of ${ROUNDS} rounds\n`);
const all = NODES.map((nodes) => ({
  nodes,
  ticks: ticksOn(nodes),
  cost: { all: [] as number[], few: [] as number[] },
}));
for (let round = -1; round < ROUNDS; round++) {
  for (const { ticks, cost } of all) {
    for (const called of ["all", "few"] as const) {
      const { plain, corked, writes } = ticks[called];
      const added = -microsOf(plain, writes) + microsOf(corked, writes);
      // The first round warms up.
      if (round >= 0) cost[called].push(added);
    }
  }
}
const rows = all.map(({ nodes, cost }) => [
  String(nodes),
  median(cost.all).toFixed(2),
  (median(cost.all) / nodes).toFixed(3),
  nodes < FEW ? "" : median(cost.few).toFixed(2),
]);
process.stdout.write(
  `${textTable([["nodes", "one call on each: corking adds", "for each node", `calls on ${FEW} of them`], ...rows])}\n`,
);
