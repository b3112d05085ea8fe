import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { BatchCounters } from "../observe/batch-counters.ts";
import { ClusterCork } from "./cluster-cork.ts";
import { type Cork, TickCork } from "./cork.ts";
import { followWrites } from "./node-streams.ts";

interface Node {
  status: string;
  stream: Writable;
}

interface SetUp {
  readonly cork: Cork;
  readonly counters: BatchCounters;
  readonly connection: { status: string };
  readonly nodes: readonly Node[];
  readonly ends: (() => void)[];
  readonly endTick: () => void;
}

/** What was written, by write. */
function recorder(): { readonly stream: Writable; readonly written: string[] } {
  const written: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => {
      written.push(chunk);
      done();
    },
    writev: (chunks, done) => {
      written.push(chunks.map(({ chunk }) => chunk).join(""));
      done();
    },
  });
  return { stream, written };
}

function setUp(
  kind: string,
  maxBatchBytes = 1_000,
  streams: Writable[] = [new PassThrough(), new PassThrough()],
): SetUp {
  const ends: (() => void)[] = [];
  const schedule = (flush: () => void): void => void ends.push(flush);
  const counters = new BatchCounters();
  const endTick = (): void => ends.shift()?.();
  if (kind === "one connection") {
    const connection = { status: "ready", stream: streams[0] as Writable };
    const cork = new TickCork(connection, schedule, maxBatchBytes, counters);
    return { cork, counters, connection, nodes: [connection], ends, endTick };
  }
  const nodes = streams.map((stream): Node => ({ status: "ready", stream }));
  const connection = { status: "ready" };
  const cork = new ClusterCork(connection, schedule, maxBatchBytes, counters);
  for (const node of nodes) followWrites(node, cork);
  return { cork, counters, connection, nodes, ends, endTick };
}

/** A call of the view that writes to a node. */
function call(cork: Cork, node: Node | undefined, text = "x"): void {
  cork.begin();
  cork.count(1);
  node?.stream.write(text);
  cork.wrote();
}

const corked = (nodes: readonly Node[]): number[] => nodes.map(({ stream }) => stream.writableCorked);

// One contract for both: what views, reads and lanes rely on.
describe.each(["one connection", "a cluster"])("a cork of %s", (kind) => {
  it("holds what is called from the first call of a tick to its end, and lets it go as one write", () => {
    const { stream, written } = recorder();
    const { cork, nodes, ends, endTick, counters } = setUp(kind, 1_000, [stream]);
    for (const text of ["a", "b", "c"]) call(cork, nodes[0], text);
    expect([cork.isHolding, cork.holdsLastCall, ends.length, written]).toEqual([true, true, 1, []]);
    endTick();
    expect([cork.isHolding, cork.holdsLastCall, written]).toEqual([false, false, ["abc"]]);
    expect(corked(nodes)).toEqual([0]);
    expect(counters.snapshot()).toMatchObject({ commands: 3, batches: 1, largestBatch: 3 });
  });

  it("begins anew in the next tick", () => {
    const { stream, written } = recorder();
    const { cork, nodes, endTick } = setUp(kind, 1_000, [stream]);
    call(cork, nodes[0], "a");
    endTick();
    call(cork, nodes[0], "b");
    endTick();
    expect(written).toEqual(["a", "b"]);
  });

  it.each(["wait", "connecting", "connect", "close", "reconnecting", "end"])(
    "holds nothing while the status is %s",
    (status) => {
      const { cork, connection, nodes, ends } = setUp(kind);
      connection.status = status;
      call(cork, nodes[0]);
      expect([cork.isHolding, cork.holdsLastCall, ends.length]).toEqual([false, false, 0]);
      expect(corked(nodes)).toEqual(nodes.map(() => 0));
    },
  );

  it("lets a large batch go early, and forgets what was in it", () => {
    const { stream, written } = recorder();
    const { cork, nodes, endTick, counters } = setUp(kind, 10, [stream]);
    let forgotten = 0;
    cork.watch(
      () => {
        forgotten += 1;
      },
      () => {},
    );
    for (const text of ["12345", "67890", "next"]) call(cork, nodes[0], text);
    expect(written).toEqual(["1234567890"]);
    expect(forgotten).toBe(1);
    endTick();
    expect(written).toEqual(["1234567890", "next"]);
    expect(counters.earlyFlushes).toBe(1);
  });

  it("tells of what was written that was not called through it, and of nothing else", () => {
    const { cork, nodes, endTick } = setUp(kind);
    let suspected = 0;
    cork.watch(
      () => {},
      () => {
        suspected += 1;
      },
    );
    call(cork, nodes[0]);
    call(cork, nodes[0]);
    expect(suspected).toBe(0);
    nodes[0]?.stream.write("by the raw client");
    call(cork, nodes[0]);
    expect(suspected).toBe(1);
    call(cork, nodes[0]);
    endTick();
    nodes[0]?.stream.write("in another tick");
    call(cork, nodes[0]);
    expect(suspected).toBe(1);
  });

  it("lets go when it is asked to, and gathers the rest of the tick anew", () => {
    const { stream, written } = recorder();
    const { cork, nodes, ends, endTick } = setUp(kind, 1_000, [stream]);
    call(cork, nodes[0], "a");
    cork.flush();
    cork.flush();
    expect(written).toEqual(["a"]);
    call(cork, nodes[0], "b");
    expect(ends).toHaveLength(1);
    endTick();
    expect(written).toEqual(["a", "b"]);
  });

  it("survives that a held stream is destroyed in mid-tick", () => {
    const { cork, nodes, endTick } = setUp(kind);
    call(cork, nodes[0]);
    nodes[0]?.stream.destroy();
    expect(endTick).not.toThrow();
    expect(cork.isHolding).toBe(false);
  });

  it("leaves nothing corked where the schedule throws", () => {
    const { stream } = recorder();
    const connection = { status: "ready", stream };
    const counters = new BatchCounters();
    const schedule = (): void => {
      throw new Error("no");
    };
    const cork: Cork =
      kind === "one connection"
        ? new TickCork(connection, schedule, 1_000, counters)
        : new ClusterCork(connection, schedule, 1_000, counters);
    expect(() => cork.begin()).toThrow("no");
    expect([cork.isHolding, stream.writableCorked]).toEqual([false, 0]);
  });

  it("does not say that a call is held that waits for the connection, while the handshake is", () => {
    const { cork, connection, nodes } = setUp(kind);
    connection.status = "connect";
    for (const node of nodes) node.status = "connect";
    cork.holdUntilEndOfIteration(nodes[0]?.stream);
    call(cork, undefined);
    expect([cork.isHolding, cork.holdsLastCall]).toEqual([true, false]);
  });

  it("holds until the end of the iteration what a connection sends by itself", async () => {
    const { stream, written } = recorder();
    const { cork, nodes } = setUp(kind, 1_000, [stream]);
    cork.holdUntilEndOfIteration(stream);
    nodes[0]?.stream.write("a");
    nodes[0]?.stream.write("b");
    expect(written).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual(["ab"]);
  });
});

describe("ClusterCork", () => {
  it("corks the nodes that are written to, and no others", () => {
    const { cork, nodes, endTick } = setUp("a cluster");
    call(cork, nodes[1]);
    expect(corked(nodes)).toEqual([0, 1]);
    call(cork, nodes[0]);
    expect(corked(nodes)).toEqual([1, 1]);
    endTick();
    expect(corked(nodes)).toEqual([0, 0]);
  });

  it("lets the batch of one node go early, and holds those of the others", () => {
    const streams = [recorder(), recorder()] as const;
    const { cork, nodes, endTick, counters } = setUp("a cluster", 10, [streams[0].stream, streams[1].stream]);
    call(cork, nodes[0], "a");
    call(cork, nodes[1], "a long batch");
    expect(streams.map(({ written }) => written)).toEqual([[], ["a long batch"]]);
    expect(cork.holdsLastCall).toBe(false);
    endTick();
    expect(streams.map(({ written }) => written)).toEqual([["a"], ["a long batch"]]);
    expect(counters.snapshot()).toMatchObject({ commands: 2, batches: 2, largestBatch: 1, earlyFlushes: 1 });
  });

  it("leaves a node that is not ready alone, and says that the call is not held", () => {
    const { cork, nodes } = setUp("a cluster");
    const [node] = nodes;
    if (node) node.status = "connect";
    call(cork, node);
    expect(corked(nodes)).toEqual([0, 0]);
    expect([cork.isHolding, cork.holdsLastCall]).toEqual([true, false]);
  });

  it("does not say that a call is held that wrote nothing", () => {
    const { cork, nodes } = setUp("a cluster");
    call(cork, nodes[0]);
    expect(cork.holdsLastCall).toBe(true);
    call(cork, undefined);
    expect(cork.holdsLastCall).toBe(false);
  });

  it("counts the commands of a pipeline, which is one write, to its node", () => {
    const { cork, nodes, endTick, counters } = setUp("a cluster");
    cork.begin();
    cork.count(5);
    nodes[0]?.stream.write("five commands");
    cork.wrote();
    call(cork, nodes[1]);
    endTick();
    expect(counters.snapshot()).toMatchObject({ commands: 6, batches: 2, largestBatch: 5 });
  });

  it("follows a stream once, however often it is asked to", () => {
    const { stream, written } = recorder();
    const { cork, nodes, endTick, counters } = setUp("a cluster", 1_000, [stream]);
    followWrites(nodes[0] as Node, cork as ClusterCork);
    call(cork, nodes[0], "a");
    endTick();
    expect(written).toEqual(["a"]);
    expect(counters.snapshot().batches).toBe(1);
  });
});
