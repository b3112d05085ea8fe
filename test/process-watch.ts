/** A process warning as Node gives it to listeners. */
export type ProcessWarning = Error & { readonly code?: string };

/** Node warns of what libraries do, and of its own experiments, whoever uses them. */
const OF_OTHERS: readonly string[] = ["DeprecationWarning", "ExperimentalWarning"];

/** Once in a process, and so in whichever test of a file has a blocking call first that others wait behind. */
const ALLOWED: readonly (string | undefined)[] = ["TICKPIPE_BLOCKED"];

interface Expected {
  readonly name: string;
  readonly came: unknown[];
}

/** What happens to the process of a test file. */
class ProcessWatch {
  #unexpected: string[] = [];
  #ofFile: Expected[] = [];
  /** Outside of a test `null`. */
  #ofTest: Expected[] | null = null;
  /** The test runner's, while a test expects an unhandled rejection. */
  #replaced: NodeJS.UnhandledRejectionListener[] = [];

  begin(): void {
    process.on("warning", this.#warned);
    process.on("unhandledRejection", this.#rejected);
    process.on("uncaughtException", this.#thrown);
  }

  testBegins(): void {
    this.#ofTest = [];
  }

  /** What was not expected, and what was expected and did not come. */
  testEnds(): string[] {
    const found = this.#take(this.#ofTest ?? []);
    this.#ofTest = null;
    for (const listener of this.#replaced.splice(0)) process.on("unhandledRejection", listener);
    return found;
  }

  end(): string[] {
    process.off("warning", this.#warned);
    process.off("unhandledRejection", this.#rejected);
    process.off("uncaughtException", this.#thrown);
    return this.#take([]);
  }

  expect(name: string): unknown[] {
    const came: unknown[] = [];
    (this.#ofTest ?? this.#ofFile).push({ name, came });
    return came;
  }

  /** Within a test alone. */
  expectUnhandledRejection(): unknown[] {
    for (const listener of process.listeners("unhandledRejection")) {
      if (listener === this.#rejected) continue;
      process.off("unhandledRejection", listener);
      this.#replaced.push(listener);
    }
    return this.expect(REJECTION);
  }

  readonly #warned = (warning: ProcessWarning): void => {
    if (OF_OTHERS.includes(warning.name)) return;
    this.#came([warning.code, warning.name], warning, `a warning: ${warning.code ?? ""} ${warning.stack}`);
  };

  readonly #rejected = (reason: unknown): void => {
    this.#came([REJECTION], reason, `${REJECTION}: ${textOf(reason)}`);
  };

  readonly #thrown = (error: unknown): void => {
    this.#unexpected.push(`an uncaught exception: ${textOf(error)}`);
  };

  #came(names: readonly (string | undefined)[], what: unknown, text: string): void {
    const expected = [...(this.#ofTest ?? []), ...this.#ofFile].filter(({ name }) => names.includes(name));
    for (const { came } of expected) came.push(what);
    if (expected.length === 0 && !names.some((name) => ALLOWED.includes(name))) this.#unexpected.push(text);
  }

  #take(expected: readonly Expected[]): string[] {
    const missing = expected
      .filter(({ came }) => came.length === 0)
      .map(({ name }) => `expected, and did not come: ${name}`);
    const found = [...this.#unexpected, ...missing];
    this.#unexpected = [];
    return found;
  }
}

const REJECTION = "an unhandled rejection";

function textOf(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? String(reason)) : String(reason);
}

/** That of this test file. */
export const processWatch: ProcessWatch = new ProcessWatch();

/**
 * Expects a process warning in this test: without it the test fails, and so it does if none comes. Called outside of a test, it allows one in all tests of
 * the file, for what is warned of once in a process.
 *
 * @param name the `code` of a warning of Tickpipe's, else the `name`, as in `"MaxListenersExceededWarning"`
 * @returns those that have come so far
 */
export function expectWarning(name: string): readonly ProcessWarning[] {
  return processWatch.expect(name) as ProcessWarning[];
}

/**
 * Expects an unhandled rejection in this test, such as the plain client would have had, and keeps it from the test runner.
 *
 * @returns the reasons of those that have come so far
 */
export function expectUnhandledRejection(): readonly unknown[] {
  return processWatch.expectUnhandledRejection();
}
