import { exists, getKeyIndexes } from "@ioredis/commands";
import fc, { type Arbitrary } from "fast-check";
import type { Invocation, Program, Step, Thread, Tick } from "../program.ts";
import { keysWith } from "./arguments.ts";
import { call, setupWith, tickOf } from "./programs.ts";
import { stepsOn } from "./steps.ts";

/** The start of the names of a thread's keys: a hash tag, so that all of them are in one slot and commands may take several. */
export function threadTag(thread: number): string {
  return `{thread-${thread}}:`;
}

/**
 * Programs for a cluster: several threads, each on the keys of one slot, and so at one node, where its calls have an order. What a Cluster
 * sends to a node by chance is left out: calls without a key, and those of which older versions do not know the keys.
 */
export const clusterPrograms: Arbitrary<Program> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ setup: setupWith(false), threads: threads(false) }) },
  { weight: 1, arbitrary: fc.record({ setup: setupWith(true), threads: threads(true) }) },
);

function threads(calledBeforeReady: boolean): Arbitrary<Thread[]> {
  const one = (thread: number): Arbitrary<Thread> => threadOn(threadTag(thread), calledBeforeReady);
  return fc
    .tuple(one(0), one(1), one(2), fc.option(one(3)))
    .map(([first, second, third, fourth]) => [first, second, third, ...(fourth ? [fourth] : [])]);
}

function threadOn(tag: string, calledBeforeReady: boolean): Arbitrary<Thread> {
  const { steps, coldSteps } = stepsOn(keysWith(tag), false);
  const rest = fc.array(tickOf(steps), { maxLength: 8, size: "max" });
  // The last call tells that the node is there, even where the tick calls nothing else.
  const first = calledBeforeReady
    ? tickOf(coldSteps).map((cold): Tick[] => [{ steps: [...cold.steps, call("get", `${tag}string1`)], pause: "all" }])
    : fc.constant<Tick[]>([]);
  return fc.tuple(first, rest).map(([cold, warm]) => ({
    ticks: [...cold, ...warm].map((tick) => ({ ...tick, steps: tick.steps.flatMap((step) => routed(step, tag)) })),
  }));
}

function routed(step: Step, tag: string): Step[] {
  if (step.kind === "flush") return [step];
  if (step.kind === "call") return goesToOneNode(step, tag) ? [step] : [];
  const calls = step.calls.filter((call) => goesToOneNode(call, tag));
  return calls.length > 0 ? [{ ...step, calls }] : [];
}

const HAS_KEY_AFTER_SUBCOMMAND: ReadonlySet<string> = new Set(["xgroup", "xinfo"]);

function goesToOneNode({ method, args }: Invocation, tag: string): boolean {
  const isGeneric = method.startsWith("call");
  const flat = args.flat();
  const name = isGeneric ? String(flat.shift()) : method.replace(/Buffer$/, "");
  if (name !== name.toLowerCase() || HAS_KEY_AFTER_SUBCOMMAND.has(name) || !exists(name)) return false;
  // Of a single argument MSET takes the pairs, of a Buffer its bytes, and of a poison, which no other call can encode, a key of its own.
  if (TAKES_PAIRS.has(name) && flat.length === 1)
    return isPairs(flat[0]) && keysOfPairs(flat[0]).every((key) => isKeyOf(tag, key));
  try {
    const keys = getKeyIndexes(name, flat as string[]).map((index) => flat[index]);
    return keys.length > 0 && keys.every((key) => isKeyOf(tag, key));
  } catch {
    return false;
  }
}

const TAKES_PAIRS: ReadonlySet<string> = new Set(["mset", "msetnx"]);

function isPairs(argument: unknown): argument is object {
  return argument instanceof Map || (typeof argument === "object" && argument?.constructor === Object);
}

function keysOfPairs(pairs: object): unknown[] {
  return pairs instanceof Map ? [...pairs.keys()] : Object.keys(pairs);
}

function isKeyOf(tag: string, key: unknown): boolean {
  return (typeof key === "string" || Buffer.isBuffer(key)) && String(key).startsWith(tag);
}
