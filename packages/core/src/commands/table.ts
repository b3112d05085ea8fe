/** Which arguments of a command are its keys: the first, all of them, or not told here, so that it may be about any. */
export type Keys = "first" | "all" | "any";

/** All that Tickpipe knows of a command. What is asked of commands anywhere is asked of this. */
export interface CommandRow {
  /**
   * - `"read"`: answers from the data alone, so that two calls with nothing between them have one answer.
   * - `"none"`: changes no data, and may yet answer otherwise each time.
   * - `"write"`: changes data.
   */
  readonly effect: "read" | "none" | "write";
  readonly keys: Keys;
  /** When a call waits on the server: for somebody else's write, or (`"own writes"`) until its own connection's are safe. */
  readonly blocks: "never" | "always" | "with BLOCK" | "own writes";
  /** How many arguments stand before the options, for `"with BLOCK"`. */
  readonly optionsAt: number;
  /** What a call changes on its connection; `null` for nothing. */
  readonly state: ConnectionPart | null;
  /** Whether a plain call may be sent by a lean command. */
  readonly lean: boolean;
  /** How a call over several slots is split; `null` if never. */
  readonly split: SplitRule | null;
  /** The command that asks for several of these at once; `null` if none does. */
  readonly join: string | null;
  /** Whether a client-side cache may keep its replies. */
  readonly cacheable: boolean;
  /** Whether a call may be made together with others: not where it waits, or where its reply decides what is done next. */
  readonly movable: boolean;
  /** Whether ioredis makes arguments of an object or a Map that it is given. */
  readonly takesObjects: boolean;
}

/** What of a connection a command changes. */
export type ConnectionPart =
  | "database"
  | "user"
  | "transaction"
  | "watch"
  | "subscription"
  | "mode"
  | "settings"
  | "end"
  | "all";

/** How calls over several slots become one for each: so many arguments a key, and what is made of the replies. */
export interface SplitRule {
  readonly step: 1 | 2;
  readonly reply: "in order" | "sum" | "first";
}

/** What a call does to the data, as reads that are kept must know it. */
export type Effect = Pick<CommandRow, "effect" | "keys">;

type Columns = Partial<CommandRow>;

function row(columns: Columns): CommandRow {
  const { effect = "write", keys = "any", blocks = "never", state = null } = columns;
  const isPlain = blocks === "never" && state === null;
  return {
    ...{ effect, keys, blocks, state },
    ...{ optionsAt: 0, split: null, join: null, takesObjects: false },
    // ioredis does more for a call that waits, or that changes the connection, than a lean command has done.
    lean: isPlain,
    movable: isPlain,
    cacheable: effect === "read" && keys !== "any",
    ...columns,
  };
}

const read = (keys: Keys, columns: Columns = {}): CommandRow => row({ effect: "read", keys, ...columns });
const none = (columns: Columns = {}): CommandRow => row({ effect: "none", ...columns });
const write = (keys: Keys, columns: Columns = {}): CommandRow => row({ keys, ...columns });
const connection = (state: ConnectionPart): CommandRow => row({ state });

/** The row of a command that is not in the table: it may read, write and wait for nothing known. */
export const UNKNOWN: CommandRow = row({});

// A command stands in one line. A line says all that sets its commands apart from those of other lines.
const LINES: readonly (readonly [CommandRow, ...names: string[]])[] = [
  [read("first", { join: "mget" }), "get"],
  [read("first", { join: "hmget" }), "hget"],
  [read("first", { join: "smismember" }), "sismember"],
  [read("first", { join: "zmscore" }), "zscore"],
  [read("first"), "strlen getrange substr getbit bitcount bitpos bitfield_ro type"],
  [read("first"), "hmget hgetall hkeys hvals hlen hexists hstrlen"],
  [read("first"), "llen lrange lindex lpos scard smembers smismember"],
  [read("first"), "zcard zmscore zrank zrevrank zrange zrevrange zcount zlexcount"],
  [read("first"), "zrangebyscore zrevrangebyscore zrangebylex zrevrangebylex"],
  [read("first"), "xlen xrange xrevrange geopos geodist geohash geosearch georadius_ro georadiusbymember_ro"],
  [read("all", { split: { step: 1, reply: "in order" } }), "mget"],
  [read("all", { split: { step: 1, reply: "sum" } }), "exists"],
  [read("all"), "sinter sunion sdiff"],
  // It may write the count that it has found into the key.
  [read("all", { cacheable: false }), "pfcount"],
  [read("any"), "lcs sintercard zinter zunion zdiff zintercard"],

  // Answers at random.
  [none(), "randomkey hrandfield srandmember zrandmember"],
  // Answers with the time, or with what is left of it.
  [none(), "time ttl pttl expiretime pexpiretime httl hpttl hexpiretime hpexpiretime"],
  // Asks for the next part of what the call before began.
  [none({ movable: false }), "scan sscan hscan zscan"],
  // Answers from the state of the server, or is asked whether the server is there.
  [none(), "ping echo dbsize info lastsave memory object keys command"],
  // Answers with what has come since.
  [none(), "xpending xinfo"],
  // Marks the key as used.
  [none({ split: { step: 1, reply: "sum" } }), "touch"],
  // Waits for the writes of its own connection: on another one the answer would mean nothing.
  [none({ blocks: "own writes" }), "wait waitaof"],

  [write("first"), "set setex psetex append setrange setbit bitfield"],
  [write("first"), "incr incrby incrbyfloat decr decrby"],
  [write("first", { takesObjects: true }), "hset hmset"],
  [write("first"), "hdel hincrby hincrbyfloat"],
  [write("first"), "lpush rpush lpushx rpushx lset linsert lrem ltrim sadd srem"],
  [write("first"), "zadd zincrby zrem zremrangebyscore zremrangebyrank zremrangebylex"],
  // Takes something away, or claims it: what the call got decides what is done next.
  [write("first", { movable: false }), "lpop rpop spop zpopmin zpopmax getset getdel getex setnx hsetnx"],
  [write("first"), "xadd xdel xtrim pfadd geoadd expire pexpire expireat pexpireat persist"],
  [write("all", { split: { step: 1, reply: "sum" } }), "del unlink"],
  [write("any", { split: { step: 2, reply: "first" }, takesObjects: true }), "mset"],
  [write("any", { takesObjects: true }), "msetnx"],
  // What a script does is not known, nor whether its turn matters.
  [write("any", { movable: false }), "eval evalsha eval_ro evalsha_ro fcall fcall_ro"],

  [write("any", { blocks: "always" }), "blpop brpop brpoplpush blmove blmovem blmpop bzpopmin bzpopmax bzmpop"],
  [write("any", { blocks: "with BLOCK" }), "xread"],
  // GROUP, its name and the consumer's, either of which may be spelled like an option.
  [write("any", { blocks: "with BLOCK", optionsAt: 3 }), "xreadgroup"],

  [connection("database"), "select"],
  [connection("user"), "auth hello"],
  [connection("transaction"), "multi exec discard"],
  [connection("watch"), "watch unwatch"],
  [connection("subscription"), "subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe"],
  [connection("mode"), "monitor sync psync"],
  [connection("settings"), "client readonly readwrite asking"],
  [connection("end"), "quit shutdown"],
  [connection("all"), "reset"],
  // ioredis makes several commands of one, or keeps count of them.
  [write("any", { lean: false }), "himport script function"],
];

/** The rows by their commands, in lower case. */
export const TABLE: ReadonlyMap<string, CommandRow> = new Map(
  LINES.flatMap(([columns, ...names]) =>
    names.flatMap((line) => line.split(" ").map((name): [string, CommandRow] => [name, columns])),
  ),
);

/** The row of a command, in lower case. */
export function rowOf(command: string): CommandRow {
  return TABLE.get(command) ?? UNKNOWN;
}
