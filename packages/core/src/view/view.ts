import type { CallGate } from "../commands/gated-call.ts";
import { commandMethodNames } from "../commands/method-names.ts";
import { commandMethod } from "./command-method.ts";
import { GATE, type View, type ViewContext } from "./context.ts";
import { fallThroughTo } from "./fall-through.ts";
import { pipelineMethod } from "./pipeline-method.ts";

// In the global registry, so that a view made by another copy of this package is known as one.
const IS_VIEW = Symbol.for("tickpipe.isView");

/**
 * Makes the class of all views of one client. Its own methods are the client's commands, so that a call finds
 * them as fast as on any object; for everything else it stands on a Proxy that falls through to the raw client.
 *
 * The raw client is never patched: its handshake, its resubscribing and its resending use the same methods.
 */
export function createViewClass(context: ViewContext): ViewClass {
  const { client, internals } = context;
  const prototype: object = Object.create(fallThroughTo(context));
  for (const name of commandMethodNames(client, internals)) {
    const original = internals[name];
    const find = (): unknown => internals[name];
    defineOnFirstUse(prototype, name, () => commandMethod(context, { name, original, find, mayBeLean: true }));
  }
  for (const name of ["pipeline", "multi"] as const) {
    defineHidden(prototype, name, pipelineMethod(context, name));
  }
  defineHidden(prototype, "duplicate", (...args: unknown[]) => context.duplicate(args));
  defineHidden(prototype, GATE, null);
  defineHidden(prototype, IS_VIEW, true);
  Object.defineProperty(prototype, "tickpipe", {
    get(this: View) {
      return context.controlsOf(this[GATE]);
    },
    configurable: true,
  });
  return viewClass(prototype);
}

/** Makes a view whose calls pass through a gate; `null` for a view of no scope. */
export type ViewClass = new (gate: CallGate | null) => object;

// A constructor, since scopes are made by the thousand: `Object.create` and `defineProperty` cost ten times as much.
function viewClass(prototype: object): ViewClass {
  class ScopeView {
    declare [GATE]: CallGate | null;

    constructor(gate: CallGate | null) {
      this[GATE] = gate;
    }
  }
  Object.setPrototypeOf(ScopeView.prototype, prototype);
  // The view shows the client's own class as its constructor.
  Reflect.deleteProperty(ScopeView.prototype, "constructor");
  return ScopeView;
}

/** Whether this is a view, of whatever client and of whatever copy of this package. */
export function isView(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as { [IS_VIEW]?: unknown })[IS_VIEW] === true;
}

/**
 * The same for a value that is made when it is first asked for: of some 500 methods an application calls a few dozen, and all of them would hold half a
 * megabyte for each client.
 */
function defineOnFirstUse(target: object, name: PropertyKey, make: () => unknown): void {
  Object.defineProperty(target, name, {
    get: () => {
      const value = make();
      defineHidden(target, name, value);
      return value;
    },
    // As assigning to an inherited property does.
    set(this: object, value: unknown) {
      Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true });
    },
    configurable: true,
    enumerable: false,
  });
}

// Writable, so that `redis.get = spy` works as on the client; not enumerable, so that the view lists no keys of its own.
function defineHidden(target: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}
