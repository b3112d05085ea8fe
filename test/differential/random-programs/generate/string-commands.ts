import fc from "fast-check";
import { asNumberOrText, count, type Keys, offset, seconds, shortValue, smallInteger, value } from "./arguments.ts";
import { type Commands, command } from "./command.ts";

const flag = fc.constantFrom("NX", "XX", "GET", "KEEPTTL");
const bit = asNumberOrText(fc.constantFrom(0, 1));

/** Strings, counters, bitmaps and HyperLogLogs. */
export function stringCommands(keys: Keys): Commands {
  const key = keys.of("string");
  const counter = keys.of("string");
  const [first = "", second = ""] = keys.names("string");
  return {
    reads: [
      command("get", key),
      command("get", key),
      command("mget", key, keys.any, key),
      command("strlen", key),
      command("getrange", key, smallInteger, smallInteger),
      command("substr", key, 0, smallInteger),
      command("getbit", key, offset),
      command("bitcount", key),
      command("bitpos", key, bit),
      command("bitfield_ro", key, "GET", "u8", offset),
      command("pfcount", key, key),
      command("lcs", key, key),
    ],
    writes: [
      command("set", key, value),
      command("set", key, value),
      command("set", key, value, flag),
      command("set", key, shortValue, "EXAT", seconds),
      command("getset", key, shortValue),
      command("getdel", key),
      command("getex", key, fc.constantFrom("PERSIST", "NOPE")),
      command("setnx", key, shortValue),
      command("append", key, shortValue),
      command("setrange", key, offset, shortValue),
      command("incr", counter),
      command("decr", counter),
      command("incrby", counter, smallInteger),
      command("decrby", counter, smallInteger),
      command("incrbyfloat", counter, fc.constantFrom(0.5, "-1.25", "nan")),
      command("mset", key, shortValue, key, shortValue),
      command("mset", fc.constantFrom({ [first]: 1, [second]: "two" }, new Map([[first, "mapped"]]))),
      command("msetnx", key, shortValue, key, shortValue),
      command("setbit", key, offset, bit),
      command("bitop", fc.constantFrom("AND", "or", "XOR"), key, key, key),
      command("bitfield", key, "SET", "u8", offset, count, "INCRBY", "i5", offset, smallInteger),
      command("pfadd", key, shortValue, shortValue),
      command("pfmerge", key, key),
    ],
  };
}
