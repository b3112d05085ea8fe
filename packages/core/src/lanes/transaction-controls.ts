import { isOver, outlives } from "./transaction-errors.ts";

/** What `tx.tickpipe` has. All else that a view's has would reach the connection past the guard, or after the transaction. */
const ITS_CONTROLS: ReadonlySet<PropertyKey> = new Set(["flush", "stats", "transaction", "currentScope"]);

/**
 * Returns what `tx` has as its `tickpipe`.
 *
 * @param controls those of the connection's view
 * @param isEnded whether the transaction is over
 */
export function guardedControls(controls: object, isEnded: () => boolean): object {
  return new Proxy(controls, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property);
      if (value === undefined || typeof property === "symbol" || !Object.hasOwn(target, property)) return value;
      if (!ITS_CONTROLS.has(property)) throw outlives(`tickpipe.${property}`);
      if (property === "flush" && isEnded()) throw isOver();
      return value;
    },
    set: (_target, property) => {
      throw outlives(`tickpipe.${String(property)}`);
    },
    defineProperty: (_target, property) => {
      throw outlives(`tickpipe.${String(property)}`);
    },
  });
}
