import type { Pause, Program, Step } from "./program.ts";
import { shortened, textOf } from "./text-of.ts";

/** A program as a person would write it down. Steps are numbered as the outcomes are. */
export function printProgram({ setup, threads, visits }: Program): string {
  const lines = [`setup ${textOf({ ...setup })}`];
  for (const [thread, { ticks }] of threads.entries()) {
    if (visits !== undefined) lines.push(`request ${textOf(visits[thread])}`);
    let number = 0;
    for (const tick of ticks) {
      lines.push(`thread ${thread}, tick:`);
      for (const step of tick.steps) lines.push(`  ${number++}. ${printStep(step)}`);
      lines.push(`  then ${PAUSES[tick.pause]}${tick.alone ? " (and await all before)" : ""}`);
    }
  }
  return lines.join("\n");
}

const PAUSES: Record<Pause, string> = {
  all: "await all calls",
  caller: "await the calls of the first caller",
  turn: "await one setImmediate",
  turns: "await four setImmediates",
  microtask: "await a resolved promise",
};

function printStep(step: Step): string {
  if (step.kind === "flush") return "view.tickpipe.flush()";
  const { via, caller, consumer } = step;
  const by = `   // caller ${caller}, ${consumer}`;
  if (step.kind === "call") return `${via}.${step.method}${printArguments(step.args)}${by}`;
  const { method, calls } = step;
  if (step.asArray) return `${via}.${method}(${textOf(calls.map((call) => [call.method, ...call.args]))}).exec()${by}`;
  const chain = calls.map((call) => `.${call.method}${printArguments(call.args, call.withCallback)}`);
  return `${via}.${method}()${chain.join("")}.exec()${by}`;
}

function printArguments(args: readonly unknown[], withCallback = false): string {
  return `(${[...args.map((arg) => shortened(textOf(arg), 120)), ...(withCallback ? ["callback"] : [])].join(", ")})`;
}
