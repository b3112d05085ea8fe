import type { Redis } from "ioredis";
import { range } from "../engine.ts";
import { ownedValue } from "./outcome.ts";

/** Notes a call that one owner makes. */
export type NoteCall = (owner: string, call: string, promise: Promise<unknown>) => void;

/** Where the exchange of a full tick begins and ends on the wire, for a script of faults. */
export function bounds(prefix: string): { readonly from: string; readonly to: string } {
  return { from: `${prefix}:s0`, to: `${prefix}:last` };
}

/**
 * About 2 KiB of replies of all kinds, asked for in one tick by several callers, each with keys of its own, whose values
 * carry the key and the owner: simple strings, strings, Buffers, integers, arrays, hashes, nil, errors, callbacks,
 * pipelines and a transaction.
 *
 * @param prefix of the keys and owners; with prefixes of one length, the exchange has one length
 */
export function fullTick(redis: Redis, prefix: string, note: NoteCall): void {
  for (const i of range(2)) plainCalls(redis, prefix, i, note);
  pipelines(redis, prefix, note);
  for (const i of range(2)) plainCalls(redis, prefix, 2 + i, note);
  note(prefix, "last", redis.echo(bounds(prefix).to));
}

function plainCalls(redis: Redis, prefix: string, i: number, note: NoteCall): void {
  const owner = `${prefix}-${i}`;
  const [text, hash, count, missing] = ["s", "h", "n", "x"].map((name) => `${prefix}:${name}${i}`) as Keys;
  const value = ownedValue(text, owner);
  note(owner, "set", redis.set(text, value));
  note(owner, "get", redis.get(text));
  note(owner, "incrby", redis.incrby(count, 1000 + i));
  note(owner, "getBuffer", redis.getBuffer(text));
  note(owner, "wrong type", redis.lpush(text, value));
  note(owner, "hset", redis.hset(hash, { [owner]: ownedValue(hash, owner), buffer: Buffer.from([0, 255]) }));
  note(owner, "hgetall", redis.hgetall(hash));
  note(owner, "nil", redis.get(missing));
  note(owner, "unknown", redis.call("nonsense", value));
  note(owner, "mget", redis.mget(text, missing, count));
  note(owner, "strlen", redis.strlen(text));
  note(owner, "type", redis.call("TYPE", text));
  note(owner, "append", redis.append(hash, value));
  note(
    owner,
    "callback",
    new Promise((resolve, reject) => redis.get(text, (error, reply) => (error ? reject(error) : resolve(reply)))),
  );
}

type Keys = [string, string, string, string];

function pipelines(redis: Redis, prefix: string, note: NoteCall): void {
  for (const name of ["pipeline", "multi"] as const) {
    const owner = `${prefix}-${name}`;
    const [text, count] = [`${prefix}:${name}`, `${prefix}:${name}-n`];
    const value = ownedValue(text, owner);
    const pipeline = redis[name]().set(text, value).getBuffer(text).incrby(count, 2000).lpush(text, value).get(text);
    note(owner, name, pipeline.exec());
  }
}
