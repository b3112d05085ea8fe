import { EMITTER_METHODS, isAddedCommand, SCAN_STREAM_METHODS } from "../commands/method-names.ts";
import { commandMethod } from "./command-method.ts";
import type { Method, ViewContext } from "./context.ts";
import { dropUnencodableTail } from "./unencodable.ts";

/**
 * The end of a view's prototype chain: whatever is no command of the client's own is read from, and written to, the
 * raw client.
 *
 * Methods run with the raw client as `this`. On a view, `on()` would count its listeners on the view, `connect()`
 * would write the connection's state there, and a subclass's private fields would not be found.
 */
export function fallThroughTo(context: ViewContext): object {
  const { client, internals } = context;
  // One wrapper for each method, so that `redis.on === redis.on`, as on the client.
  const wrappers = new WeakMap<Method, Method<never>>();
  const assignedThroughView = new WeakSet<object>();

  const wrapperOf = (method: Method, property: PropertyKey): Method<never> => {
    let wrapper = wrappers.get(method);
    if (!wrapper) {
      wrapper = wrap(context, method, property);
      wrappers.set(method, wrapper);
    }
    return wrapper;
  };

  return new Proxy(client, {
    get(_target, property) {
      // Not with the view as receiver: ioredis's getters must see the raw client.
      const value = internals[property];
      if (typeof value !== "function" || property === "constructor") return value;
      // A function that the user assigned through the view is the user's own: it is read back as it is.
      if (assignedThroughView.has(value)) return value;
      // A scan stream calls SCAN on the `this` of the method that made it: on the view, those calls are gathered too.
      if (SCAN_STREAM_METHODS.has(property)) return value;
      return wrapperOf(value as Method, property);
    },
    set(_target, property, value) {
      if (typeof value === "function") assignedThroughView.add(value);
      return Reflect.set(client, property, value);
    },
  });
}

function wrap(context: ViewContext, method: Method, property: PropertyKey): Method<never> {
  const { client, internals, cork, connection, inlineBlocking, reads, offlineQueues } = context;
  if (isAddedCommand(internals, property)) {
    return commandMethod(context, { name: String(property), original: method, find: () => method, mayBeLean: false });
  }
  const sendsNothing = EMITTER_METHODS.has(property);
  return function (this: unknown, ...args: unknown[]) {
    // A subclass's method, or `sendCommand` itself, may send commands: they take part in the tick.
    if (!sendsNothing) cork.begin();
    const call = (): unknown => method.apply(client, args);
    const result = sendsNothing ? call() : inlineBlocking.around(call, connection.inTransaction);
    if (!sendsNothing) {
      if (!cork.holdsLastCall) dropUnencodableTail(offlineQueues());
      reads?.calledAnything();
      cork.wrote();
    }
    // Chaining, as in redis.on(…).on(…), stays on the view.
    return result === client ? this : result;
  };
}
