import { eventsOf } from "../client-events.ts";
import { EMITTER_METHODS, isAddedCommand, SCAN_STREAM_METHODS } from "../commands/method-names.ts";
import { AssignedMethods } from "./assigned-methods.ts";
import { commandMethod } from "./command-method.ts";
import { GATE, type Method, type View, type ViewContext } from "./context.ts";
import { sendCommandInPlace } from "./kept-command.ts";
import { LISTENER_QUESTIONS } from "./listener-questions.ts";
import { descriptorOn } from "./property.ts";
import { scanStreamMethod } from "./scan-stream.ts";
import { dropUnencodableTail } from "./unencodable.ts";
import { spoilMemo } from "./unknown-writes.ts";

/**
 * The end of a view's prototype chain: whatever the view has no method of its own for is read from, and written to, the raw client.
 *
 * Methods run with the raw client as `this`. On a view, `on()` would count its listeners on the view, `connect()`
 * would write the connection's state there, and a subclass's private fields would not be found.
 *
 * Libraries of test doubles look for the method's descriptor along the prototypes, and put their double on the view itself. So each
 * method is shown as a data property here, and a method that is assigned is the view's own.
 *
 * @param commandMethodOf the view's method for a command of the client's; `null` for what is none
 */
export function fallThroughTo(
  context: ViewContext,
  commandMethodOf: (property: PropertyKey) => Method<never> | null,
): object {
  const { client, internals } = context;
  const assigned = new AssignedMethods(internals);
  const wrapperOf = wrappersFor(context, (property) => assigned.originalOf(property) as Method);

  const shown = (property: PropertyKey): unknown => {
    assigned.tidy(property);
    // Not with the view as receiver: ioredis's getters must see the raw client.
    const value = internals[property];
    if (typeof value !== "function" || property === "constructor") return value;
    return commandMethodOf(property) ?? wrapperOf(value as Method, property);
  };

  return new Proxy(client, {
    get: (_target, property) => shown(property),
    getOwnPropertyDescriptor(_target, property) {
      assigned.tidy(property);
      const own = Reflect.getOwnPropertyDescriptor(client, property);
      if (own?.configurable === false || property === "constructor") return own;
      if (typeof descriptorOn(client, property)?.value !== "function") return own;
      return { value: shown(property), writable: true, enumerable: own?.enumerable ?? false, configurable: true };
    },
    set(_target, property, value, receiver: object) {
      assigned.tidy(property);
      if (!isMethodOf(client, property, value)) return Reflect.set(client, property, value);
      // A command's is the view's alone, and so is what one scope is given.
      const isOwnView = (receiver as View)[GATE] === null;
      if (isOwnView && commandMethodOf(property) === null) assigned.show(property, receiver);
      return Reflect.defineProperty(receiver, property, {
        ...{ value, writable: true, enumerable: true, configurable: true },
      });
    },
  });
}

/** Whether this assignment adds a method or puts something in the place of one, which `delete` takes away again. */
function isMethodOf(client: object, property: PropertyKey, value: unknown): boolean {
  const current = descriptorOn(client, property);
  if (current === undefined) return typeof value === "function";
  return typeof current.value === "function";
}

/** Makes, for methods of the client, what the view has in their place; the same each time, so that `redis.on === redis.on`, as on the client. */
function wrappersFor(
  context: ViewContext,
  methodOf: MethodOf,
): (method: Method, property: PropertyKey) => Method<never> {
  const plain = new Map<PropertyKey, Method<never>>();
  const added = new Map<PropertyKey, Method<never>>();
  return (method, property) => {
    const isCommand = isAddedCommand(context.internals, property);
    const wrappers = isCommand ? added : plain;
    let wrapper = wrappers.get(property);
    if (!wrapper) {
      wrapper = isCommand
        ? addedCommand(context, method, String(property), methodOf)
        : wrap(context, property, methodOf);
      wrappers.set(property, wrapper);
    }
    return wrapper;
  };
}

type MethodOf = (property: PropertyKey) => Method;

function addedCommand(context: ViewContext, original: Method, name: string, methodOf: MethodOf): Method<never> {
  return commandMethod(context, { name, original, find: () => methodOf(name), mayBeLean: false });
}

function wrap(context: ViewContext, property: PropertyKey, methodOf: MethodOf): Method<never> {
  const { client, ambient, cork, connection, inlineBlocking, kept, reads, offlineQueues } = context;
  if (SCAN_STREAM_METHODS.has(property)) return scanStreamMethod(() => methodOf(property));
  if (property === "hasOwnProperty") return isOwn(client);
  const asked = LISTENER_QUESTIONS[property as keyof typeof LISTENER_QUESTIONS];
  if (asked !== undefined) return asked(client, eventsOf(client)) as Method<never>;
  const note = connection.noteFor(String(property));
  const sendsNothing = EMITTER_METHODS.has(property) || property in Object.prototype;
  const called = function (this: unknown, ...args: unknown[]): unknown {
    // A subclass's method, or `sendCommand` itself, may send commands: they take part in the tick.
    if (!sendsNothing) cork.begin();
    // The client's method of the moment: a double may stand in its place, or may have been taken away again.
    const call = (): unknown => methodOf(property).apply(client, args);
    const result = sendsNothing ? call() : inlineBlocking.around(call, connection.inTransaction);
    if (!sendsNothing) {
      if (!cork.holdsLastCall) dropUnencodableTail(offlineQueues());
      if (note !== null) note(args);
      reads?.calledAnything();
      cork.wrote();
    }
    // Chaining, as in redis.on(…).on(…), stays on the view.
    if (result === client) return this;
    const gate = sendsNothing ? null : ((this as View)[GATE] ?? ambient.current());
    return gate?.hasMemo ? spoilMemo(gate, result) : result;
  };
  if (property !== "sendCommand") return called;
  return function (this: unknown, ...args: unknown[]) {
    const make = (): unknown => called.apply(this, args);
    return kept.line.isBusy ? sendCommandInPlace(kept, args, make) : make();
  };
}

// sinon asks so whether it has to take its double off again, or to put back what was there.
function isOwn(client: object): Method<never> {
  return function (this: object, property: unknown) {
    return [this, client].some((object) => Object.hasOwn(object, property as PropertyKey));
  };
}
