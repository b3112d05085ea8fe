import { describeKind, TickpipeTypeError } from "../errors.ts";

/**
 * How a loader keeps values in Redis. What `load` answered passes through it as well, so that a value is the same from either.
 *
 * @typeParam V what a value is
 */
export interface LoaderCodec<V> {
  /**
   * Makes text of a value, which is neither `null` nor `undefined`. If it throws, loading that id fails with this error.
   *
   * @returns the text to keep; anything but a string rejects with `ERR_TICKPIPE_LOADER_RESULT`
   */
  encode(value: V): string;
  /**
   * Makes a value of text. If it throws for what Redis has, that counts as a miss and is overwritten.
   *
   * @returns a new value each time, since callers may change theirs
   */
  decode(text: string): V;
}

export const JSON_CODEC: LoaderCodec<unknown> = { encode: JSON.stringify, decode: (text) => JSON.parse(text) };

// JSON cannot begin with a control character. A text of the user's codec that is one of these is not kept (see below).
const NULL = "\u0000null";
const UNDEFINED = "\u0000undefined";

/** Whether a text says that the thing does not exist. */
export function isAbsence(text: string): boolean {
  return text === NULL || text === UNDEFINED;
}

/**
 * The text of a loaded value, or of its absence.
 *
 * @throws whatever the codec throws
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_LOADER_RESULT` if the codec made no string, or one that means absence
 */
export function encodeText<V>(codec: LoaderCodec<V>, value: V): string {
  if (value === null) return NULL;
  if (value === undefined) return UNDEFINED;
  const text: unknown = codec.encode(value);
  if (typeof text === "string" && !isAbsence(text)) return text;
  throw new TickpipeTypeError(
    "ERR_TICKPIPE_LOADER_RESULT",
    typeof text === "string"
      ? "Expected the loader's codec to make text of its own, got the text that stands for absence."
      : `Expected the loader's codec to make a string, got ${describeKind(text)}.`,
  );
}

/**
 * The value of a text, a new one each time.
 *
 * @throws whatever the codec throws
 */
export function decodeText<V>(codec: LoaderCodec<V>, text: string): V {
  // Only a `load` whose values include null, or undefined, brings such a text about.
  if (text === NULL) return null as V;
  if (text === UNDEFINED) return undefined as V;
  return codec.decode(text);
}
