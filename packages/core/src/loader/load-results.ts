import { describeKind, TickpipeTypeError } from "../errors.ts";

/**
 * What `load` gave, if it is an array with an element for each id.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_LOADER_RESULT`
 */
export function checkedValues<T>(values: ArrayLike<T>, count: number): ArrayLike<T> {
  const isArray = typeof values === "object" && values !== null && typeof values.length === "number";
  if (isArray && values.length === count) return values;
  // Nobody waits for the promises among them.
  if (isArray) for (const value of Array.from(values)) if (isPromise(value)) value.then(undefined, () => {});
  throw new TickpipeTypeError(
    "ERR_TICKPIPE_LOADER_RESULT",
    `Expected load to give an array with a value for each of its ${count} ids, in their order, got ${
      isArray ? `one with ${values.length}` : describeKind(values)
    }.`,
  );
}

/** Whether `await` would wait for it, as for `ids.map((id) => fetchOne(id))`. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
