import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { tickpipe } from "../tickpipe.ts";

describe("the arguments of a transaction", () => {
  const nothing = () => null;

  it.each<[unknown[], string, string]>([
    [[], "INVALID_ARGUMENT", "Expected the keys to watch to be an array of strings or Buffers, got undefined."],
    [["secret:key", nothing], "INVALID_ARGUMENT", "got a string."],
    [["secret", nothing], "INVALID_ARGUMENT", "got a string."],
    [[[], nothing], "INVALID_ARGUMENT", "Expected at least one key to watch, got an empty array. Where nothing"],
    [[["a", 5], nothing], "INVALID_ARGUMENT", "Expected each key to watch to be a string or a Buffer, got a number."],
    [[["a", ["b"]], nothing], "INVALID_ARGUMENT", "got an array."],
    [[["a"]], "INVALID_ARGUMENT", "Expected the second argument of transaction() to be a function, got undefined."],
    [[["a"], Promise.resolve(null)], "INVALID_ARGUMENT", "got an instance of Promise."],
    [[["a"], nothing, 5], "INVALID_OPTION", "Expected the options of transaction() to be an object, got the number 5."],
    [[["a"], nothing, { retry: 5 }], "INVALID_OPTION", 'transaction() has no option named by the string "retry"'],
    [
      [["a"], nothing, { retries: -1 }],
      "INVALID_OPTION",
      'option "retries" of transaction() to be a whole number from 0',
    ],
    [[["a"], nothing, { retries: 1.5 }], "INVALID_OPTION", "got the number 1.5."],
    [[["a"], nothing, { retries: Number.POSITIVE_INFINITY }], "INVALID_OPTION", "got the number Infinity."],
  ])("%# are refused before anything is sent", async (args, code, said) => {
    const client = new Redis({ lazyConnect: true });
    const redis = tickpipe(client);
    const transaction = redis.tickpipe.transaction as (...args: unknown[]) => Promise<unknown>;
    const error = await transaction(...args).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ name: "TickpipeTypeError", code: `ERR_TICKPIPE_${code}` });
    expect(String(error)).toContain(said);
    expect(String(error)).not.toContain("secret");
    expect(client.status).toBe("wait");
    expect(redis.tickpipe.stats()).toMatchObject({ pending: 0, transactionConnections: 0 });
  });
});
