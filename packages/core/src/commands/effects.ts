/**
 * Which arguments of a command are its keys: the first, all of them, or not told here, so that it may be about any.
 */
export type Keys = "first" | "all" | "any";

/** What a command has to do with the data. */
export interface Effect {
  /**
   * - `"read"`: answers from the data alone, so that two calls with nothing between them have one answer.
   * - `"none"`: changes no data, and may yet answer otherwise each time.
   * - `"write"`: changes data, or is not known here.
   */
  readonly kind: "read" | "none" | "write";
  readonly keys: Keys;
}

const READS: Readonly<Record<Keys, readonly string[]>> = {
  first: [
    ...["get", "strlen", "getrange", "substr", "getbit", "bitcount", "bitpos", "bitfield_ro", "type"],
    ...["hget", "hmget", "hgetall", "hkeys", "hvals", "hlen", "hexists", "hstrlen"],
    ...["llen", "lrange", "lindex", "lpos", "scard", "smembers", "sismember", "smismember"],
    ...["zcard", "zscore", "zmscore", "zrank", "zrevrank", "zrange", "zrevrange", "zcount", "zlexcount"],
    ...["zrangebyscore", "zrevrangebyscore", "zrangebylex", "zrevrangebylex"],
    ...["xlen", "xrange", "xrevrange", "geopos", "geodist", "geohash", "geosearch", "georadius_ro"],
    "georadiusbymember_ro",
  ],
  all: ["mget", "exists", "sinter", "sunion", "sdiff", "pfcount"],
  any: ["lcs", "sintercard", "zinter", "zunion", "zdiff", "zintercard"],
};

/** Commands that change nothing and are still not to be shared, by the reason. */
const NOT_SHARED: Readonly<Record<string, readonly string[]>> = {
  "answers at random": ["randomkey", "hrandfield", "srandmember", "zrandmember"],
  "answers with the time, or what is left of it": [
    ...["time", "ttl", "pttl", "expiretime", "pexpiretime"],
    ...["httl", "hpttl", "hexpiretime", "hpexpiretime"],
  ],
  "goes through the data with a cursor": ["scan", "sscan", "hscan", "zscan"],
  "answers from the server's state, or is asked to see whether it is there": [
    ...["ping", "echo", "dbsize", "info", "lastsave", "memory", "object", "keys", "command", "wait", "waitaof"],
  ],
  "marks the key as used": ["touch"],
  "answers what has come since": ["xpending", "xinfo"],
};

const WRITES: Readonly<Record<Exclude<Keys, "any">, readonly string[]>> = {
  first: [
    ...["set", "setex", "psetex", "setnx", "append", "getset", "getdel", "getex", "setrange", "setbit", "bitfield"],
    ...["incr", "incrby", "incrbyfloat", "decr", "decrby"],
    ...["hset", "hsetnx", "hmset", "hdel", "hincrby", "hincrbyfloat"],
    ...["lpush", "rpush", "lpushx", "rpushx", "lpop", "rpop", "lset", "linsert", "lrem", "ltrim"],
    ...["sadd", "srem", "spop"],
    ...["zadd", "zincrby", "zrem", "zremrangebyscore", "zremrangebyrank", "zremrangebylex", "zpopmin", "zpopmax"],
    ...["xadd", "xdel", "xtrim", "pfadd", "geoadd"],
    ...["expire", "pexpire", "expireat", "pexpireat", "persist"],
  ],
  all: ["del", "unlink"],
};

function effects(kind: Effect["kind"], commands: Readonly<Record<string, readonly string[]>>): [string, Effect][] {
  return Object.entries(commands).flatMap(([keys, names]) =>
    names.map((name): [string, Effect] => [name, { kind, keys: keys as Keys }]),
  );
}

const EFFECTS: ReadonlyMap<string, Effect> = new Map([
  ...effects("read", READS),
  ...effects("write", WRITES),
  ...effects("none", { any: Object.values(NOT_SHARED).flat() }),
]);

/** That of a call that may do anything. */
export const ANYTHING: Effect = { kind: "write", keys: "any" };

/** What a command, in lower case, does; one that is not known here may do anything. */
export function effectOf(command: string): Effect {
  return EFFECTS.get(command) ?? ANYTHING;
}
