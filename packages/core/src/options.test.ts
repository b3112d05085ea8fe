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
  it("default to the end of the iteration and 1 MiB", () => {
    expect(resolveOptions(undefined)).toBe(DEFAULT_OPTIONS);
    expect(resolveOptions({})).toEqual({ flush: "immediate", maxBatchBytes: 1_048_576, lean: true });
    expect(resolveOptions({ flush: undefined, maxBatchBytes: undefined })).toEqual(DEFAULT_OPTIONS);
  });

  it("take what is valid", () => {
    const flush = () => {};
    expect(resolveOptions({ flush, maxBatchBytes: Number.POSITIVE_INFINITY, lean: false })).toEqual({
      flush,
      maxBatchBytes: Number.POSITIVE_INFINITY,
      lean: false,
    });
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
