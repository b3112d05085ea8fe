import { afterAll, afterEach, beforeEach, expect } from "vitest";
import { processWatch } from "./process-watch.ts";

/*
 * For every test file: nothing may happen to the process that would not have happened with the plain client. An unhandled rejection
 * and an uncaught exception end an application's process, and a process warning fills its log.
 */

// Taken before a test fakes the timers.
const { setImmediate } = globalThis;

processWatch.begin();

beforeEach(() => processWatch.testBegins());
// Hooks that come after the tests run last first, so that these see what those of the file have done.
afterEach(async () => {
  await allIsReported();
  expect(processWatch.testEnds(), "what happened to the process in this test").toEqual([]);
});
afterAll(async () => {
  await allIsReported();
  expect(processWatch.end(), "what happened to the process outside of the tests of this file").toEqual([]);
});

/** Node tells of warnings and of unhandled rejections after the running callback and its microtasks. */
function allIsReported(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
