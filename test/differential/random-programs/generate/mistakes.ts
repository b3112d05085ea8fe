import fc, { type Arbitrary } from "fast-check";
import type { Invocation } from "../program.ts";
import type { Keys } from "./arguments.ts";

/** Commands whose outcome is the same on every server, whatever they are given. None says itself how many keys it has: with a keyPrefix,
 * ioredis makes a list of so many, until the memory is full. */
const METHODS = [
  ...["get", "set", "incr", "append", "mget", "mset", "msetnx", "getrange", "strlen", "setbit", "pfadd"],
  ...["hget", "hset", "hgetall", "hdel", "hincrby", "lpush", "lrange", "lindex", "lset", "linsert"],
  ...["scard", "sismember", "srem", "zadd", "zrange", "zscore", "zrem", "xlen", "xrange"],
  ...["del", "exists", "type", "rename", "expireat", "echo", "ping"],
] as const;

/** Calls with any number of any arguments: of the wrong arity, of wrong types, and commands that do not exist. */
export function mistakesAmong(keys: Keys, value: Arbitrary<unknown>): Arbitrary<Invocation> {
  // A value may stand where a key is meant: two threads would then meet on it, and each come sooner at one time than at another.
  const any = keys.areOfOneThread
    ? keys.any
    : fc.oneof({ weight: 1, arbitrary: keys.any }, { weight: 1, arbitrary: value });
  const args = fc.array(any, { maxLength: 4 });
  const known = fc.record({ method: fc.constantFrom(...METHODS), args });
  const unknown = args.map((rest) => ({ method: "call", args: ["nosuchcommand", ...rest] }));
  return fc.oneof({ weight: 9, arbitrary: known }, { weight: 1, arbitrary: unknown });
}
