import type { CorkableStream } from "../client.ts";
import { type Connection, isCorkable } from "./cork.ts";
import { mergeWrites } from "./merge.ts";

type Write = (chunk: unknown, encoding?: unknown, done?: unknown) => boolean;

/** A stream of a cluster's node. */
export interface NodeStream {
  readonly stream: CorkableStream;
  readonly node: Connection;
  isHeld: boolean;
  /** What the stream already had in its buffer when it was corked, in bytes. */
  alreadyBuffered: number;
  /** How many commands were called that are held in it. */
  commands: number;
}

/** Is told of every write to a node's stream. */
export interface WriteListener {
  beforeWrite(to: NodeStream): void;
  afterWrite(to: NodeStream): void;
}

const followed = new WeakSet<object>();

/**
 * Has told of each write to the stream that a node has now. Which node a command goes to is known to the Cluster alone, and only when it
 * is written: the way to one write per node that costs nothing for the nodes that a tick does not write to.
 */
export function followWrites(node: Connection, listener: WriteListener): void {
  const { stream } = node;
  if (!isCorkable(stream) || followed.has(stream)) return;
  followed.add(stream);
  mergeWrites(stream);
  const followedStream: NodeStream = { stream, node, isHeld: false, alreadyBuffered: 0, commands: 0 };
  const writable: { write: Write } = stream;
  const { write } = writable;
  writable.write = function (chunk, encoding, done) {
    listener.beforeWrite(followedStream);
    const hasRoom = write.call(this, chunk, encoding, done);
    listener.afterWrite(followedStream);
    return hasRoom;
  };
}
