import { rowOf } from "../commands/table.ts";
import type { Key } from "./key-slots.ts";

/** A part of a call: a call of the same command, with the keys of one slot. */
export interface Part {
  readonly args: unknown[];
  /** Which of the whole call's keys it has, the first being 0. */
  readonly positions: readonly number[];
}

const JOINS = { "in order": inCallersOrder, sum: sumOf, first: ([first]: readonly unknown[]) => first } as const;

/** Splits the calls of one command by hash slot. */
export interface Splitter {
  /**
   * The parts of a call, in the order of their first keys; `null` for a call that is to be made as it is: its keys are all in one slot, or
   * it has arguments that ioredis must convert, or too few.
   */
  split(args: readonly unknown[]): Part[] | null;
  /** The reply of the whole call. */
  join(replies: readonly unknown[], parts: readonly Part[]): unknown;
}

/** The splitter for a command, in lower case; `null` for a command that is never split. */
export function splitterOf(command: string, slotOf: (key: Key) => number): Splitter | null {
  const rule = rowOf(command).split;
  if (rule === null) return null;
  const { step } = rule;
  const join = JOINS[rule.reply];
  const split = (args: readonly unknown[]): Part[] | null => {
    const flat = (step === 2 ? pairsOf(args) : args).flat();
    if (flat.length < 2 * step || flat.length % step !== 0 || !flat.every(isPlain)) return null;
    const parts = new Map<number, { args: unknown[]; positions: number[] }>();
    for (let i = 0; i < flat.length; i += step) {
      const slot = slotOf(flat[i] as Key);
      const part = parts.get(slot) ?? { args: [], positions: [] };
      parts.set(slot, part);
      part.args.push(...flat.slice(i, i + step));
      part.positions.push(i / step);
    }
    return parts.size > 1 ? [...parts.values()] : null;
  };
  return { split, join };
}

// MSET takes an object or a Map for all pairs, as ioredis's own argument transformer does.
function pairsOf(args: readonly unknown[]): readonly unknown[] {
  const [only] = args;
  if (args.length !== 1 || typeof only !== "object" || only === null || Array.isArray(only)) return args;
  if (only instanceof Uint8Array) return args;
  return only instanceof Map ? [...only].flat() : Object.entries(only).flat();
}

function isPlain(argument: unknown): boolean {
  return typeof argument === "string" || typeof argument === "number" || argument instanceof Uint8Array;
}

function inCallersOrder(replies: readonly unknown[], parts: readonly Part[]): unknown[] {
  const joined: unknown[] = [];
  parts.forEach(({ positions }, i) => {
    const values = replies[i] as readonly unknown[];
    positions.forEach((position, j) => {
      joined[position] = values[j];
    });
  });
  return joined;
}

// With `stringNumbers` ioredis gives numbers as text.
function sumOf(replies: readonly unknown[]): unknown {
  const sum = replies.reduce((total: number, reply) => total + Number(reply), 0);
  return typeof replies[0] === "string" ? String(sum) : sum;
}
