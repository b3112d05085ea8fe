import fc, { type Arbitrary } from "fast-check";
import type { BatchStep, CallStep, Consumer, Invocation, Step, Via } from "../program.ts";
import { type Keys, POISONS, shortValue, TYPES } from "./arguments.ts";
import { hashCommands, listCommands, setCommands, sortedSetCommands } from "./collection-commands.ts";
import type { Commands } from "./command.ts";
import { mistakesAmong } from "./mistakes.ts";
import {
  connectionCommands,
  definedScriptCommands,
  keyCommands,
  scriptCommands,
  streamCommands,
} from "./other-commands.ts";
import { stringCommands } from "./string-commands.ts";

const CALLERS = 4;

const via: Arbitrary<Via> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Via>("view") },
  { weight: 2, arbitrary: fc.constantFrom<Via>("raw", "scope") },
);
const consumer: Arbitrary<Consumer> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Consumer>("promise") },
  { weight: 3, arbitrary: fc.constant<Consumer>("callback") },
  { weight: 1, arbitrary: fc.constantFrom<Consumer>("promise without catch", "callback that throws") },
);
const called = { via, caller: fc.nat(CALLERS - 1), consumer };

/** A call as a command's own method, its `Buffer` variant, or `call`; with arguments flat or nested. */
function callOf(invocation: Arbitrary<Invocation>): Arbitrary<CallStep> {
  return fc
    .record({ ...called, invocation: written(invocation) })
    .map(({ invocation: { method, args }, ...rest }) => ({ kind: "call", ...rest, method, args }));
}

type Form = "plain" | "Buffer" | "call" | "callBuffer" | "upper case" | "nested" | "tail nested";
const form: Arbitrary<Form> = fc.oneof(
  { weight: 10, arbitrary: fc.constant<Form>("plain") },
  { weight: 4, arbitrary: fc.constant<Form>("Buffer") },
  { weight: 1, arbitrary: fc.constantFrom<Form>("call", "callBuffer", "upper case", "nested", "tail nested") },
);

const SCRIPT_METHODS = new Set(["swapIn", "pushAll"]);

function written(invocation: Arbitrary<Invocation>): Arbitrary<Invocation> {
  return fc.tuple(invocation, form).map(([plain, chosen]) => {
    const { method, args } = plain;
    if (chosen === "Buffer") return { method: `${method}Buffer`, args };
    // Its first argument is the command's name, which must be a string.
    if (method === "call") return plain;
    // ioredis's own `exec` takes a callback and nothing before it.
    if (chosen.includes("nested") && args.length === 0) return plain;
    if (chosen === "nested") return { method, args: [Object.freeze(args.slice())] };
    if (chosen === "tail nested") return { method, args: [...args.slice(0, 1), Object.freeze(args.slice(1))] };
    if (chosen === "plain" || SCRIPT_METHODS.has(method)) return plain;
    if (chosen === "upper case") return { method: "call", args: [method.toUpperCase(), ...args] };
    return { method: chosen, args: [method, ...args] };
  });
}

function batchOf(invocation: Arbitrary<Invocation>): Arbitrary<BatchStep> {
  const calls = fc.array(
    fc.record({ invocation: written(invocation), withCallback: fc.integer({ min: 0, max: 5 }).map((n) => n === 5) }),
    { maxLength: 6, size: "max" },
  );
  return fc
    .record({ ...called, calls, method: fc.constantFrom("pipeline", "multi"), asArray: fc.boolean() })
    .map((batch) => ({
      kind: "batch",
      ...batch,
      calls: batch.calls.map(({ invocation: { method, args }, withCallback }) => ({ method, args, withCallback })),
    }));
}

/** Reads of one key that are alike, with now and then a write of it between. */
function identicalReads(reads: Arbitrary<Invocation>, writes: Arbitrary<Invocation>, keys: Keys): Arbitrary<Step[]> {
  // The first argument of XINFO, say, is none; written to as one, it would be a key on which threads meet.
  const names: ReadonlySet<unknown> = new Set(TYPES.flatMap(keys.names));
  return fc
    .tuple(callOf(reads), fc.array(fc.option(callOf(writes)), { minLength: 1, maxLength: 3 }))
    .map(([read, between]) => [
      read,
      ...between.flatMap((write) => {
        const [key] = read.args;
        const onSameKey = write && names.has(key) && !write.method.startsWith("call") && write.args.length > 0;
        return onSameKey ? [{ ...write, args: [key, ...write.args.slice(1)] }, read] : [read];
      }),
    ]);
}

// ioredis does not pass a callback on here.
const multiByHand: Arbitrary<Step> = fc
  .record({ ...called, consumer: fc.constant<Consumer>("promise") })
  .map((rest) => ({
    kind: "call",
    ...rest,
    method: "multi",
    args: [Object.freeze({ pipeline: false })],
  }));

/** WATCH, MULTI, commands and EXEC or DISCARD, each called by itself. */
function transactionByHand(invocation: Arbitrary<Invocation>, keys: Keys): Arbitrary<Step[]> {
  const by = (method: Arbitrary<string>, ...args: unknown[]): Arbitrary<Step> =>
    fc.record({ ...called, method }).map((rest) => ({ kind: "call", ...rest, args }));
  const watch = fc
    .record({ ...called, key: keys.any })
    .map(({ key, ...rest }): Step => ({ kind: "call", ...rest, method: "watch", args: [key] }));
  return fc
    .tuple(
      fc.option(watch),
      fc.array(callOf(invocation), { maxLength: 1 }),
      multiByHand,
      fc.array(callOf(invocation), { maxLength: 5 }),
      by(fc.constantFrom("exec", "exec", "exec", "discard", "execBuffer")),
    )
    .map(([watch, before, multi, within, end]) => [...(watch ? [watch] : []), ...before, multi, ...within, end]);
}

function poisoned(invocation: Arbitrary<Invocation>): Arbitrary<Step[]> {
  const poison = fc.tuple(invocation, fc.constantFrom(...POISONS)).map(([{ method, args }, bad]) => ({
    method,
    args: [...args.slice(0, -1), bad],
  }));
  return callOf(poison).map((step) => [step]);
}

const flush: Arbitrary<Step[]> = fc.constant([{ kind: "flush" }]);

/** What a caller does at once: mostly one call. */
export interface StepSource {
  readonly steps: Arbitrary<Step[]>;
  /** Steps whose order does not depend on when the connection becomes ready. */
  readonly coldSteps: Arbitrary<Step[]>;
}

/** @param ownsConnection whether the steps may change the connection's state, which threads would share */
export function stepsOn(keys: Keys, ownsConnection: boolean): StepSource {
  const groups: Commands[] = [
    stringCommands(keys),
    stringCommands(keys),
    hashCommands(keys),
    listCommands(keys),
    setCommands(keys),
    sortedSetCommands(keys),
    streamCommands(keys),
    keyCommands(keys),
  ];
  const reads = fc.oneof(...groups.map((group) => fc.oneof(...group.reads)));
  const writes = fc.oneof(...groups.map((group) => fc.oneof(...group.writes)));
  const scripts = fc.oneof(...scriptCommands(keys), ...(ownsConnection ? definedScriptCommands(keys) : []));
  const commands = fc.oneof(
    { weight: 5, arbitrary: reads },
    { weight: 6, arbitrary: writes },
    { weight: 1, arbitrary: scripts },
  );
  const mistakes = mistakesAmong(keys, shortValue);
  const one = (invocation: Arbitrary<Invocation>): Arbitrary<Step[]> => callOf(invocation).map((step) => [step]);
  const cold = [
    { weight: 40, arbitrary: one(commands) },
    { weight: 6, arbitrary: one(mistakes) },
    {
      weight: 5,
      arbitrary: batchOf(fc.oneof({ weight: 9, arbitrary: commands }, { weight: 1, arbitrary: mistakes })).map(
        (step) => [step],
      ),
    },
    { weight: 5, arbitrary: identicalReads(reads, writes, keys) },
    { weight: 1, arbitrary: flush },
  ];
  const warm = [...cold, { weight: 1, arbitrary: poisoned(commands) }];
  if (ownsConnection) {
    warm.push(
      { weight: 3, arbitrary: transactionByHand(commands, keys) },
      { weight: 3, arbitrary: one(connectionCommands(keys)) },
      { weight: 1, arbitrary: strayPart(keys) },
    );
  }
  return { steps: fc.oneof(...warm), coldSteps: fc.oneof(...cold) };
}

/** Parts of a transaction without the rest, which may end another's or make it span ticks. */
function strayPart(keys: Keys): Arbitrary<Step[]> {
  const parts = fc.constantFrom("exec", "discard", "unwatch").map((method) => ({ method, args: [] }));
  const watch = keys.any.map((key) => ({ method: "watch", args: [key] }));
  return fc.oneof(...[parts, watch].map(callOf), multiByHand).map((step) => [step]);
}
