import { describeKind, TickpipeTypeError } from "../errors.ts";
import { encodePlainJson } from "./plain-json.ts";
import { isAbsence, isMark, NULL_TEXT, UNDEFINED_TEXT } from "./reserved-texts.ts";

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

export const JSON_CODEC: LoaderCodec<unknown> = { encode: encodePlainJson, decode: (text) => JSON.parse(text) };

/**
 * The text of a loaded value, or of its absence.
 *
 * @throws whatever the codec throws
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_LOADER_RESULT` if the codec made no string, or one that is the loader's own
 */
export function encodeText<V>(codec: LoaderCodec<V>, value: V): string {
  if (value === null) return NULL_TEXT;
  if (value === undefined) return UNDEFINED_TEXT;
  const text: unknown = codec.encode(value);
  const isString = typeof text === "string";
  if (isString && !isAbsence(text) && !isMark(text)) return text;
  // That of an asynchronous codec: nobody else hears of its rejection.
  if (text instanceof Promise) text.catch(() => {});
  throw new TickpipeTypeError(
    "ERR_TICKPIPE_LOADER_RESULT",
    isString
      ? `Expected the loader's codec to make text of its own, got ${isMark(text) ? "one that begins as the loader's marks do" : "the text that stands for absence"}.`
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
  if (text === NULL_TEXT) return null as V;
  if (text === UNDEFINED_TEXT) return undefined as V;
  return codec.decode(text);
}
