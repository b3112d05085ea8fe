import { describe, expect, it } from "vitest";
import { DEFAULT_OPTIONS, resolveOptions } from "./options.ts";

const refusal = (options: unknown): unknown => {
  try {
    resolveOptions(options);
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("options", () => {
  it("have defaults: the end of the iteration, 1 MiB, blocking calls where the plain client makes them and no caps", () => {
    expect(resolveOptions(undefined)).toBe(DEFAULT_OPTIONS);
    expect(resolveOptions({})).toEqual({
      ...{ flush: "immediate", maxBatchBytes: 1_048_576, lean: true, dedupe: true },
      ...{ blocking: "inline", maxBlockingConnections: 16, maxTransactionConnections: 8, splitSlots: false },
      ...{ maxPending: Number.POSITIVE_INFINITY, maxPendingBytes: Number.POSITIVE_INFINITY, whenFull: "reject" },
    });
    expect(resolveOptions({ flush: undefined, maxBatchBytes: undefined })).toEqual(DEFAULT_OPTIONS);
  });

  it("take what is valid", () => {
    const flush = () => {};
    const given = {
      ...{
        flush,
        maxBatchBytes: Number.POSITIVE_INFINITY,
        lean: false,
        dedupe: false,
        blocking: "isolate",
        maxBlockingConnections: 1,
      },
      ...{ maxTransactionConnections: 1, splitSlots: true, maxPending: 1, maxPendingBytes: 0.5, whenFull: "wait" },
    };
    expect(resolveOptions(given)).toEqual(given);
    for (const name of ["immediate", "nextTick", "microtask"]) expect(resolveOptions({ flush: name }).flush).toBe(name);
  });

  it.each([
    [{ flush: "soon" }, 'Expected option "flush" to be "immediate", "nextTick", "microtask" or a function', '"soon"'],
    [{ flush: null }, 'Expected option "flush"', "got null"],
    [{ maxBatchBytes: 0 }, 'Expected option "maxBatchBytes" to be a positive number of bytes', "the number 0"],
    [{ maxBatchBytes: -1 }, 'option "maxBatchBytes"', "the number -1"],
    [{ maxBatchBytes: Number.NaN }, 'option "maxBatchBytes"', "the number NaN"],
    [{ maxBatchBytes: "1mb" }, 'option "maxBatchBytes"', "a string"],
    [{ lean: 1 }, 'Expected option "lean" to be true or false', "the number 1"],
    [{ dedupe: "yes" }, 'Expected option "dedupe" to be true or false', '"yes"'],
    [{ blocking: true }, 'Expected option "blocking" to be "inline" or "isolate"', "got true"],
    [{ maxBlockingConnections: 0 }, 'option "maxBlockingConnections" to be a whole number from 1 on', "the number 0"],
    [{ maxBlockingConnections: Number.POSITIVE_INFINITY }, 'option "maxBlockingConnections"', "the number Infinity"],
    [{ maxTransactionConnections: 0 }, 'option "maxTransactionConnections" to be a whole number', "the number 0"],
    [{ maxPending: 1.5 }, 'option "maxPending" to be a whole number from 1 on, or Infinity', "the number 1.5"],
    [{ maxPendingBytes: "1mb" }, 'option "maxPendingBytes" to be a positive number of bytes', "a string"],
    [{ whenFull: "drop" }, 'option "whenFull" to be "reject" or "wait"', '"drop"'],
    [{ toString: 1 }, "no option named", "Known options"],
    [{ flushes: "immediate" }, 'no option named by the string "flushes"', "Known options: flush, maxBatchBytes, lean"],
    [null, "Expected the options to be an object", "got null"],
    ["immediate", "Expected the options to be an object", 'the string "immediate"'],
    [[], "Expected the options to be an object", "an array"],
  ])("refuse %j, saying what was expected and what came", (options, expected, got) => {
    const error = refusal(options);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_TICKPIPE_INVALID_OPTION" });
    expect(String(error)).toContain(expected);
    expect(String(error)).toContain(got);
  });
});
