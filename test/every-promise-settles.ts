import { fileURLToPath } from "node:url";
import { runInThisContext } from "node:vm";
import { afterAll, expect, vi } from "vitest";
import { promiseLedger } from "./promise-ledger.ts";

/*
 * For every test file with a server: whatever a view has promised to a caller, awaited by the test or not, must have settled
 * when the file's clients have been disconnected (G11).
 */

type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Makes a method that enters what it returns. Compiled under a name in the package, since call sites leave the package's own frames
 * out, as they must this one.
 */
const makeEntering: (enter: (by: string, made: unknown) => void) => (by: string, method: Method) => Method =
  runInThisContext(
    `(enter) => (by, method) => function (...args) {
      const made = method.apply(this, args);
      enter(by, made);
      return made;
    }`,
    { filename: fileURLToPath(new URL("../packages/core/src/view/entering.js", import.meta.url)) },
  );

const entering = makeEntering((by, made) => {
  if (made instanceof Promise) promiseLedger.enter(by, made);
});

vi.mock("../packages/core/src/view/command-method.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../packages/core/src/view/command-method.ts")>();
  const commandMethod: typeof original.commandMethod = (context, method) =>
    entering(method.name, original.commandMethod(context, method) as Method);
  return { ...original, commandMethod };
});

vi.mock("../packages/core/src/view/pipeline-method.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../packages/core/src/view/pipeline-method.ts")>();
  const pipelineMethod: typeof original.pipelineMethod = (context, name) => {
    const method = original.pipelineMethod(context, name) as Method;
    return function (...args) {
      const made = method.apply(this, args) as { exec?: Method };
      if (made instanceof Promise) promiseLedger.enter(name, made);
      else if (made.exec) Object.defineProperty(made, "exec", { value: entering(`${name} exec`, made.exec) });
      return made;
    };
  };
  return { ...original, pipelineMethod };
});

// Hooks that come after the tests run last first, so that this one sees what the file's own have ended.
afterAll(async () => {
  await vi.waitFor(() => expect(promiseLedger.pending()).toEqual([]), { timeout: 10_000, interval: 20 });
});
