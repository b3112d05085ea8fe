import type { CallGate } from "../commands/gated-call.ts";
import { commandMethodsOf } from "../commands/method-names.ts";
import { commandMethod } from "./command-method.ts";
import { GATE, type Method, type View, type ViewContext } from "./context.ts";
import { fallThroughTo } from "./fall-through.ts";
import { pipelineMethod } from "./pipeline-method.ts";
import { defineHidden, descriptorOn } from "./property.ts";

// In the global registry, so that a view made by another copy of this package is known as one.
const IS_VIEW = Symbol.for("tickpipe.isView");
const CLIENT = Symbol.for("tickpipe.client");

/** The views of one client. */
export interface Views {
  /** The view of no scope. */
  readonly own: object;
  /** Makes a view whose calls pass through a gate. It inherits from the view of no scope, so that a double there is met through it as well. */
  through(gate: CallGate): object;
}

/**
 * Makes all views of one client. Each method is compiled when it is first asked for, and is an ordinary method from then on; for
 * everything else the views stand on a Proxy that falls through to the raw client.
 *
 * The raw client is never patched: its handshake, its resubscribing and its resending use the same methods.
 */
export function createViews(context: ViewContext): Views {
  const prototype: object = Object.create(fallThroughTo(context, (property) => compile(context, prototype, property)));
  for (const name of ["pipeline", "multi"] as const) {
    defineHidden(prototype, name, pipelineMethod(context, name));
  }
  defineHidden(prototype, "duplicate", (...args: unknown[]) => context.duplicate(args));
  defineHidden(prototype, GATE, null);
  defineHidden(prototype, IS_VIEW, true);
  defineHidden(prototype, CLIENT, context.client);
  Object.defineProperty(prototype, "tickpipe", {
    get(this: View) {
      return context.controlsOf(this[GATE]);
    },
    configurable: true,
  });
  const own: object = Object.create(prototype);
  const ScopeView = scopeViewClass(own);
  return { own, through: (gate) => new ScopeView(gate) };
}

/**
 * Puts the view's method for a command of the client on the prototype. Of some 500 methods an application calls a few dozen, and all of them
 * would hold a quarter of a megabyte for each client.
 *
 * @returns the method; `null` if the property is no command of the client's own
 */
function compile(context: ViewContext, prototype: object, name: PropertyKey): Method<never> | null {
  const { client, internals } = context;
  if (typeof name !== "string" || !commandMethodsOf(client).has(name)) return null;
  const known = Reflect.getOwnPropertyDescriptor(prototype, name);
  if (known !== undefined) return known.value as Method<never>;
  // What its class has: a double on the client itself is not to be taken for the client's own method.
  const original: unknown = descriptorOn(Reflect.getPrototypeOf(client) ?? client, name)?.value ?? internals[name];
  const method = commandMethod(context, { name, original, find: () => internals[name], mayBeLean: true });
  defineHidden(prototype, name, method);
  return method as Method<never>;
}

type ScopeViewClass = new (gate: CallGate) => object;

// A constructor, since scopes are made by the thousand: `Object.create` and `defineProperty` cost ten times as much.
function scopeViewClass(own: object): ScopeViewClass {
  class ScopeView {
    declare [GATE]: CallGate;

    constructor(gate: CallGate) {
      this[GATE] = gate;
    }
  }
  Object.setPrototypeOf(ScopeView.prototype, own);
  // The view shows the client's own class as its constructor.
  Reflect.deleteProperty(ScopeView.prototype, "constructor");
  return ScopeView;
}

/** The client behind a view, also where the view itself does not tell, as the `tx` of a transaction. */
export function clientOf(view: object): object | undefined {
  return (view as { readonly [CLIENT]?: object })[CLIENT];
}

/** Whether this is a view, of whatever client and of whatever copy of this package. */
export function isView(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as { [IS_VIEW]?: unknown })[IS_VIEW] === true;
}
