import type { Redis } from "ioredis";
import type { Ledger, Way } from "./ledger.ts";
import { type BatchStep, type CallStep, type Consumer, SCRIPTS } from "./program.ts";

type Callback = (error: unknown, reply: unknown) => void;
type Methods = Record<string, (...args: unknown[]) => unknown>;
type MakeBatch = Record<BatchStep["method"], (commands?: unknown[][]) => Methods & { readonly exec: Methods[string] }>;

/** Calls one method as its consumer would, and enters what becomes of it into the ledger. */
export function callCommand(object: Redis, step: CallStep, call: string, ledger: Ledger): void {
  const { method, args } = step;
  consume(step, callWay(step.via, method), call, ledger, (...callback) => {
    return methodOf(object, method).apply(object, [...args, ...callback]);
  });
}

/**
 * Fills and executes a pipeline or a transaction.
 *
 * @param mayNest whether a transaction of single calls may be open
 */
export function callBatch(object: Redis, step: BatchStep, call: string, ledger: Ledger, mayNest: boolean): void {
  const { method, asArray, calls } = step;
  consume(step, batchWay(step, mayNest), call, ledger, (...callback) => {
    const makes = object as unknown as MakeBatch;
    if (asArray) return makes[method](calls.map((each) => [each.method, ...each.args])).exec(...callback);
    const batch = makes[method]();
    for (const [index, { method: name, args, withCallback }] of calls.entries()) {
      const part = `${call}.${index}`;
      if (withCallback) ledger.open(part);
      const partCallback = callbackFor(ledger, part, callWay(`in ${step.via} ${method}:`, name));
      methodOf(batch, name).apply(batch, withCallback ? [...args, partCallback] : [...args]);
    }
    return batch.exec(...callback);
  });
}

function consume(
  { consumer }: { readonly consumer: Consumer },
  way: Way,
  call: string,
  ledger: Ledger,
  start: (...callback: [Callback?]) => unknown,
): void {
  ledger.open(call);
  const called: Way = (...settled) => {
    const name = way(...settled);
    return consumer.startsWith("callback") && name !== null ? `${name} with callback` : name;
  };
  try {
    if (consumer === "callback" || consumer === "callback that throws") {
      const note = callbackFor(ledger, call, called);
      start((error, reply) => {
        note(error, reply);
        if (consumer === "callback that throws") throw new Error(`thrown by the callback of call ${call}`);
      });
      return;
    }
    const promise = start() as Promise<unknown>;
    const replied = promise.then((reply) => ledger.settle(call, called, "replied", reply));
    // A call of its own, so that the promise that the caller holds goes unhandled if it rejects.
    if (consumer === "promise without catch") promise.catch((error) => ledger.settle(call, called, "rejected", error));
    else promise.then(undefined, (error) => ledger.settle(call, called, "rejected", error));
    if (consumer === "promise") replied.catch(() => {});
  } catch (error) {
    ledger.settle(call, called, "thrown", error);
  }
}

function callbackFor(ledger: Ledger, call: string, way: Way): Callback {
  return (error, reply) => {
    // ioredis calls back with `undefined` where it leaves an argument out.
    if (error) ledger.settle(call, way, "rejected", error);
    else ledger.settle(call, way, "replied", reply);
  };
}

function methodOf(object: object, name: string): Methods[string] {
  const method = (object as Methods)[name];
  if (!method) throw new TypeError(`This client has no method ${name}.`);
  return method;
}

/** ioredis derives the promises of scripts and of `exec` (not `execBuffer`) from others, and those take more microtasks. */
function callWay(via: string, method: string): Way {
  if (isScript(method)) return (outcome) => `${via} script, ${outcome}`;
  if (method === "exec") return (outcome) => `${via} exec, ${outcome}`;
  return () => `${via} command`;
}

/**
 * A batch hears of an error or of a script's reply a microtask later than of another reply. That of a MULTI within a transaction is not
 * among the replies that its `exec` gives.
 */
function batchWay({ via, method, calls }: BatchStep, mayNest: boolean): Way {
  if (method === "multi" && mayNest) return () => null;
  const isError = (reply: unknown): boolean => Array.isArray(reply) && reply[0] instanceof Error;
  const hasScript = calls.some((call) => isScript(call.method));
  return (outcome, replies) => {
    if (hasScript || outcome === "rejected" || (Array.isArray(replies) && replies.some(isError))) return null;
    return `${via} ${method}${calls.length === 0 ? " of nothing" : ""}`;
  };
}

function isScript(method: string): boolean {
  return method.replace(/Buffer$/, "") in SCRIPTS;
}
