import { commandMethodNames } from "../commands/method-names.ts";
import type { CallRecorder } from "../observe/call-recorder.ts";
import { commandMethod } from "./command-method.ts";
import { RECORDER, type ViewContext } from "./context.ts";
import { fallThroughTo } from "./fall-through.ts";
import { pipelineMethod } from "./pipeline-method.ts";

// In the global registry, so that a view made by another copy of this package is known as one.
const IS_VIEW = Symbol.for("tickpipe.isView");

/**
 * Makes the prototype of all views of one client. Its own methods are the client's commands, so that a call finds
 * them as fast as on any object; for everything else it stands on a Proxy that falls through to the raw client.
 *
 * The raw client is never patched: its handshake, its resubscribing and its resending use the same methods.
 */
export function createViewPrototype(context: ViewContext): object {
  const { client, internals } = context;
  const prototype: object = Object.create(fallThroughTo(context));
  for (const name of commandMethodNames(client, internals)) {
    // Looked up at each call: an APM agent or a test may have replaced the client's method meanwhile.
    const method = commandMethod(context, () => internals[name], context.lean?.(name) ?? null);
    defineHidden(prototype, name, method);
  }
  for (const name of ["pipeline", "multi"] as const) {
    defineHidden(prototype, name, pipelineMethod(context, name));
  }
  defineHidden(prototype, "duplicate", (override?: unknown) => context.duplicate(override));
  defineHidden(prototype, RECORDER, null);
  defineHidden(prototype, IS_VIEW, true);
  return prototype;
}

/** Makes a view on such a prototype. What its methods call is told to the recorder, if there is one. */
export function createView(prototype: object, controls: object, recorder: CallRecorder | null): object {
  const view: object = Object.create(prototype);
  defineHidden(view, "tickpipe", controls);
  if (recorder !== null) defineHidden(view, RECORDER, recorder);
  return view;
}

/** Whether this is a view, of whatever client and of whatever copy of this package. */
export function isView(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as { [IS_VIEW]?: unknown })[IS_VIEW] === true;
}

// Writable, so that `redis.get = spy` works as on the client; not enumerable, so that the view lists no keys of its own.
function defineHidden(target: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}
