import { mock } from "node:test";
import timers from "node:timers";
import { afterEach, describe, expect, it, vi } from "vitest";

type Timers = typeof import("./timers.ts");

/** A copy of the module that is loaded now. */
async function loadTimers(): Promise<Timers> {
  vi.resetModules();
  return import("./timers.ts");
}

const FAKED = ["setTimeout", "setImmediate", "clearTimeout", "clearImmediate", "queueMicrotask"] as const;
const realImmediate = timers.setImmediate;

afterEach(() => {
  vi.useRealTimers();
  mock.timers.reset();
});

const FAKES: readonly (readonly [name: string, install: () => void])[] = [
  ["Vitest's, which are @sinonjs/fake-timers", () => void vi.useFakeTimers({ toFake: [...FAKED] })],
  ["node:test's", () => mock.timers.enable({ apis: ["setTimeout", "setImmediate"] })],
];

describe.each(FAKES)("while the timers are %s", (_name, install) => {
  const ran = async ({ atEndOfIteration, afterCallback, asMicrotask, delay }: Timers): Promise<void> => {
    for (const run of [atEndOfIteration, afterCallback, asMicrotask]) await new Promise<void>(run);
    await delay(1);
  };

  it("all runs that was loaded before", async () => {
    const loaded = await loadTimers();
    install();
    expect(setImmediate).not.toBe(realImmediate);
    await ran(loaded);
  });

  it("all runs that is loaded now", async () => {
    install();
    expect(setImmediate).not.toBe(realImmediate);
    await ran(await loadTimers());
  });

  it("is back at the end of the iteration as soon as the fakes are gone", async () => {
    install();
    const { atEndOfIteration } = await loadTimers();
    await new Promise<void>(atEndOfIteration);
    vi.useRealTimers();
    mock.timers.reset();
    const order: string[] = [];
    atEndOfIteration(() => order.push("end"));
    await Promise.resolve();
    order.push("microtask");
    await new Promise((resolve) => realImmediate(resolve));
    expect(order).toEqual(["microtask", "end"]);
  });
});

it("nothing is left behind in the clock of a test suite", async () => {
  vi.useFakeTimers({ toFake: [...FAKED] });
  const { atEndOfIteration, delay } = await loadTimers();
  await new Promise<void>(atEndOfIteration);
  await delay(1);
  expect(vi.getTimerCount()).toBe(0);
});

it("a microtask runs before the end of the running callback, and that before the end of the iteration", async () => {
  const { atEndOfIteration, afterCallback, asMicrotask } = await loadTimers();
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    realImmediate(() => {
      atEndOfIteration(() => {
        order.push("iteration");
        resolve();
      });
      afterCallback(() => order.push("callback"));
      asMicrotask(() => order.push("microtask"));
    });
  });
  // Node runs what waits for the callback's end before the microtasks.
  expect(order).toEqual(["callback", "microtask", "iteration"]);
});
