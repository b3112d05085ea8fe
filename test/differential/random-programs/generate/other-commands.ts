import { createHash } from "node:crypto";
import fc, { type Arbitrary } from "fast-check";
import { DATABASES, type Invocation, SCRIPTS } from "../program.ts";
import { count, type Keys, member, seconds, shortValue, smallInteger } from "./arguments.ts";
import { type Commands, command } from "./command.ts";

const id = fc.constantFrom("1-1", "1-2", "2-1", "5-0", 7, "0-0", "nonsense");

export function streamCommands(keys: Keys): Commands {
  const key = keys.of("stream");
  return {
    reads: [
      command("xlen", key),
      command("xrange", key, "-", "+"),
      command("xrevrange", key, "+", "-", "COUNT", count),
      command("xread", "COUNT", 2, "STREAMS", key, id),
      command("xinfo", "GROUPS", key),
    ],
    writes: [
      command("xadd", key, id, member, shortValue),
      command(
        "xadd",
        key,
        fc.nat(60).map((number) => `${number}-*`),
        member,
        shortValue,
      ),
      command("xdel", key, id),
      command("xtrim", key, "MAXLEN", count),
      command("xgroup", "CREATE", key, "group", "0"),
    ],
  };
}

/** Keys of any type, their expiry, and commands without a key. */
export function keyCommands(keys: Keys): Commands {
  const key = keys.any;
  return {
    reads: [
      command("exists", key, key),
      command("type", key),
      command("expiretime", key),
      command("pexpiretime", key),
      command("dump", key),
      command("touch", key),
      command("echo", shortValue),
      command("ping"),
      command("ping", shortValue),
      // With a pattern that is one key's name: the order of several is random on each server.
      command("keys", keys.of("string")),
      command("scan", 0, "MATCH", keys.of("hash"), "COUNT", 1000),
    ],
    writes: [
      command("del", key),
      command("unlink", key, key),
      command("rename", key, key),
      command("renamenx", key, key),
      command("copy", key, key),
      command("copy", key, key, "REPLACE"),
      command("expireat", key, seconds),
      command("pexpireat", key, seconds, "NX"),
      command("persist", key),
    ],
  };
}

/** What changes the connection's state or a whole database, and so is for programs of one thread. */
export function connectionCommands(keys: Keys): Arbitrary<Invocation> {
  const database = fc.constantFrom(...DATABASES, ...DATABASES.map(String));
  return fc.oneof(
    { weight: 8, arbitrary: command("select", database) },
    { weight: 1, arbitrary: command("select", fc.constantFrom("x", 99)) },
    { weight: 2, arbitrary: command("move", keys.any, database) },
    { weight: 1, arbitrary: command("swapdb", 0, 1) },
    { weight: 1, arbitrary: command("flushdb") },
    { weight: 1, arbitrary: command("client", "SETNAME", "named") },
    { weight: 1, arbitrary: command("client", "GETNAME") },
  );
}

const luaReply =
  "return {1, 'a', {KEYS[1], ARGV[1]}, false, redis.status_reply('FINE'), redis.error_reply('INNER error')}";
const luaCalls = "redis.call('append', KEYS[1], ARGV[1]) return redis.pcall('incr', KEYS[1])";

/** Scripts that the servers know by the hash of their text before a program starts. */
export const LOADED_SCRIPTS: readonly string[] = [...Object.values(SCRIPTS).map(({ lua }) => lua), luaReply];

/** Scripts that a client has as methods: their first call on a connection sends EVAL, the later ones EVALSHA. */
export function definedScriptCommands(keys: Keys): Arbitrary<Invocation>[] {
  return [
    command("swapIn", keys.of("string"), shortValue),
    command("pushAll", 1, keys.of("list"), shortValue, smallInteger),
  ];
}

const shaOf = (lua: string): string => createHash("sha1").update(lua).digest("hex");

export function scriptCommands(keys: Keys): Arbitrary<Invocation>[] {
  const key = keys.of("string");
  return [
    command("eval", luaReply, 1, key, shortValue),
    command("eval", luaCalls, 1, key, shortValue),
    command("eval", "return redis.error_reply('MY own error')", 0),
    command("evalsha", shaOf(luaReply), 1, key, shortValue),
    command("evalsha", "0".repeat(40), 0),
  ];
}
