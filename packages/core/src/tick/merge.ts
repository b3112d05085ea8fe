/** A chunk as a Writable hands it to `_writev`. */
interface Chunk {
  readonly chunk: unknown;
  readonly encoding: string;
}

type Done = (error?: Error | null) => void;

interface WritevStream {
  _write(chunk: unknown, encoding: string, done: Done): void;
  _writev?: ((chunks: Chunk[], done: Done) => void) | null;
}

/** Strings of more UTF-16 units than this are left as they are: copying them would cost more than a write of their own. */
const COPIED_UP_TO = 64 * 1024;

/** Where a joined string is ended and another begun: far below what V8 allows, and enough to make joining worthwhile. */
const JOINED_UP_TO = 1024 * 1024;

const merged = new WeakSet<object>();

/**
 * Makes a socket join the strings that it writes together, so that a tick's commands leave as one flat buffer instead of
 * one small buffer each, which the kernel would have to gather. Buffers and large strings stay as they are, in place.
 *
 * A socket without `_writev`, and one whose strings are not kept as strings, is left alone: corking works without.
 */
export function mergeWrites(stream: object): void {
  if (merged.has(stream)) return;
  merged.add(stream);
  const socket = stream as WritevStream;
  const { _writev: writev } = socket;
  if (typeof writev !== "function" || typeof socket._write !== "function") return;
  socket._writev = function (chunks, done) {
    const joined = joinStrings(chunks);
    const [only] = joined;
    if (joined.length === 1 && only) this._write(only.chunk, only.encoding, done);
    // Where nothing was joined, Node's own array: it is marked if all of its chunks are Buffers, which Node writes faster.
    else writev.call(this, joined.length === chunks.length ? chunks : joined, done);
  };
}

/** The same bytes in fewer chunks. */
export function joinStrings(chunks: readonly Chunk[]): Chunk[] {
  const joined: Chunk[] = [];
  let text = "";
  const endText = (): void => {
    if (text !== "") joined.push({ chunk: text, encoding: "utf8" });
    text = "";
  };
  for (const each of chunks) {
    const { chunk, encoding } = each;
    if (typeof chunk !== "string" || encoding !== "utf8" || chunk.length > COPIED_UP_TO) {
      endText();
      joined.push(each);
      continue;
    }
    if (text.length + chunk.length > JOINED_UP_TO) endText();
    text += chunk;
  }
  endText();
  return joined;
}
