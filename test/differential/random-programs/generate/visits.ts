import fc, { type Arbitrary } from "fast-check";
import type { Program, Serving, Step, Via, Visit } from "../program.ts";

const MOST_THREADS = 3;

const visit: Arbitrary<Visit> = fc.record({
  endsAfterTick: fc.nat(5),
  end: fc.constantFrom("response", "hang-up", "hang-up"),
  waitsForClose: fc.boolean(),
});

/** The same programs, each thread in the handler of a request that is served so. */
export function visitedPrograms(programs: Arbitrary<Program>, serving: Serving): Arbitrary<Program> {
  const visits = fc.array(visit, { minLength: MOST_THREADS, maxLength: MOST_THREADS });
  return fc.tuple(programs, visits).map(([{ setup, threads }, visits]) => ({
    // A request reaches its handler some time after the client has begun to connect: when, is chance.
    setup: { ...setup, serving, calledBeforeReady: false },
    threads: threads.map(({ ticks }) => ({
      ticks: ticks.map((tick) => ({ ...tick, steps: tick.steps.map((step) => withinLine(step, serving)) })),
    })),
    visits,
  }));
}

/**
 * An option that keeps calls keeps them in the order of one line: a view's or a client's. The callers of a program hold what
 * is in that line.
 */
function withinLine(step: Step, serving: Serving): Step {
  if (step.kind === "flush" || serving === "default") return step;
  const via: Via = serving === "maxPending" && step.via !== "raw" ? step.via : "scope";
  return { ...step, via };
}
