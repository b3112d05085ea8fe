import fc from "fast-check";
import { count, type Keys, member, score, setMember, shortValue, smallInteger } from "./arguments.ts";
import { type Commands, command } from "./command.ts";

const end = fc.constantFrom("LEFT", "RIGHT");

export function hashCommands(keys: Keys): Commands {
  const key = keys.of("hash");
  return {
    reads: [
      command("hget", key, member),
      command("hgetall", key),
      command("hgetall", key),
      command("hmget", key, member, member),
      command("hkeys", key),
      command("hvals", key),
      command("hlen", key),
      command("hexists", key, member),
      command("hstrlen", key, member),
      command("hscan", key, 0),
    ],
    writes: [
      command("hset", key, member, shortValue),
      command("hset", key, member, shortValue, member, shortValue),
      command("hset", key, fc.constantFrom({ a: 1, b: "x" }, new Map([["m", 2]]), {})),
      command("hmset", key, member, shortValue),
      command("hsetnx", key, member, shortValue),
      command("hdel", key, member, member),
      command("hincrby", key, member, smallInteger),
      command("hincrbyfloat", key, member, 0.25),
    ],
  };
}

export function listCommands(keys: Keys): Commands {
  const key = keys.of("list");
  return {
    reads: [
      command("lrange", key, 0, -1),
      command("lrange", key, smallInteger, smallInteger),
      command("lindex", key, smallInteger),
      command("llen", key),
      command("lpos", key, shortValue),
      command("sort_ro", key, "ALPHA"),
    ],
    writes: [
      command("rpush", key, shortValue, shortValue),
      command("lpush", key, shortValue),
      command("rpushx", key, shortValue),
      command("lpop", key),
      command("rpop", key, count),
      command("lset", key, smallInteger, shortValue),
      command("lrem", key, smallInteger, shortValue),
      command("ltrim", key, smallInteger, smallInteger),
      command("linsert", key, "BEFORE", shortValue, shortValue),
      command("lmove", key, key, end, end),
      command("rpoplpush", key, key),
      command("lmpop", 2, key, key, end),
      command("sort", key, "ALPHA", "STORE", key),
    ],
  };
}

export function setCommands(keys: Keys): Commands {
  const key = keys.of("set");
  return {
    reads: [
      command("smembers", key),
      command("scard", key),
      command("sismember", key, setMember),
      command("smismember", key, setMember, setMember),
      command("sinter", key, key),
      command("sunion", key, key),
      command("sdiff", key, key),
      command("sintercard", 2, key, key),
      command("sscan", key, 0),
    ],
    writes: [
      command("sadd", key, setMember, setMember),
      command("sadd", key, setMember),
      command("srem", key, setMember),
      command("smove", key, key, setMember),
      command("sunionstore", key, key, key),
      command("sdiffstore", key, key, key),
    ],
  };
}

export function sortedSetCommands(keys: Keys): Commands {
  const key = keys.of("zset");
  return {
    reads: [
      command("zrange", key, 0, -1),
      command("zrange", key, 0, -1, "WITHSCORES"),
      command("zrevrange", key, 0, count, "WITHSCORES"),
      command("zrangebyscore", key, "-inf", score),
      command("zscore", key, member),
      command("zmscore", key, member, member),
      command("zrank", key, member),
      command("zcard", key),
      command("zcount", key, score, "+inf"),
      command("zinter", 2, key, key, "WITHSCORES"),
      command("zdiff", 2, key, key),
      // Of one member: SORT gives a sorted set an encoding of which the order is random on each server.
      command("zscan", key, 0, "MATCH", "a"),
      command("geopos", key, member),
      command("geodist", key, member, member),
      command("geosearch", key, "FROMLONLAT", 13, 38, "BYRADIUS", 300, "km", "ASC", "WITHDIST"),
    ],
    writes: [
      command("zadd", key, score, member),
      command("zadd", key, "GT", "CH", score, member, score, member),
      command("zincrby", key, score, member),
      command("zrem", key, member),
      command("zpopmin", key),
      command("zpopmax", key, count),
      command("zmpop", 1, key, "MIN"),
      command("zremrangebyrank", key, 0, smallInteger),
      command("zunionstore", key, 2, key, key),
      command("zrangestore", key, key, 0, -1),
      command("geoadd", key, 13.361389, 38.115556, member, "15.087269", "37.502669", member),
      command("geosearchstore", key, key, "FROMMEMBER", member, "BYBOX", 400, 400, "km", "ASC"),
    ],
  };
}
