import { describe, expect, it } from "vitest";
import { JSON_CODEC } from "./codec.ts";
import { type LoaderOptions, resolveLoaderOptions } from "./loader-options.ts";

const key = (id: number) => `k${id}`;
const load = async (ids: readonly number[]) => [...ids];
const needed = { key, load, ttl: 60 };

describe("the options of a loader", () => {
  it("have defaults: JSON, no memory of what does not exist, 10 % jitter, batches of any size, half a second for Redis", () => {
    expect(resolveLoaderOptions(needed)).toEqual({
      ...needed,
      ...{ negativeTtl: null, jitter: 0.1, codec: JSON_CODEC, redisTimeoutMs: 500 },
      maxBatchSize: Number.POSITIVE_INFINITY,
    });
  });

  it("take what is valid", () => {
    const codec = { encode: String, decode: Number };
    const given = { ...needed, ttl: 0.5, negativeTtl: 0.001, jitter: 0, codec, maxBatchSize: 1, redisTimeoutMs: 0.5 };
    expect(resolveLoaderOptions(given)).toEqual(given);
    expect(resolveLoaderOptions({ ...needed, redisTimeoutMs: Number.POSITIVE_INFINITY })).toBeDefined();
  });

  it.each([
    [undefined, "the options of loader() to be an object with key, load and ttl", "got undefined"],
    [{ ...needed, key: "user" }, 'option "key" of loader() to be a function from an id', '"user"'],
    [{ ...needed, load: undefined }, 'option "load" of loader() to be a function', "got undefined"],
    [{ key, load }, 'option "ttl" of loader() to be a positive number of seconds', "got undefined"],
    [{ ...needed, ttl: 0 }, 'option "ttl"', "the number 0"],
    [{ ...needed, ttl: Number.POSITIVE_INFINITY }, 'option "ttl"', "the number Infinity"],
    [{ ...needed, ttl: "60" }, 'option "ttl"', "a string"],
    [{ ...needed, negativeTtl: -1 }, 'option "negativeTtl"', "the number -1"],
    [{ ...needed, jitter: 1 }, 'option "jitter" of loader() to be a number from 0 up to', "the number 1"],
    [{ ...needed, codec: JSON }, 'option "codec" of loader() to be an object with the functions encode', "an object"],
    [{ ...needed, codec: null }, 'option "codec" of loader() to be an object with the functions encode', "got null"],
    [{ ...needed, codec: "json" }, 'option "codec"', "the string"],
    [{ ...needed, maxBatchSize: 0 }, 'option "maxBatchSize"', "the number 0"],
    [{ ...needed, maxBatchSize: 1.5 }, 'option "maxBatchSize"', "the number 1.5"],
    [{ ...needed, redisTimeoutMs: 0 }, 'option "redisTimeoutMs"', "the number 0"],
    [{ ...needed, ttlMs: 5 }, 'no option named by the string "ttlMs"', "Known options: key, load, ttl"],
  ])("are refused if wrong, saying what was expected and what came: %#", (options, expected, got) => {
    const make = () => resolveLoaderOptions(options as LoaderOptions<number, number>);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(expect.objectContaining({ code: "ERR_TICKPIPE_INVALID_OPTION" }));
    expect(make).toThrow(expected);
    expect(make).toThrow(got);
  });
});
