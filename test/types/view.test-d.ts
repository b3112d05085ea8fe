/*
 * Checked by the compiler alone: a view's methods have exactly the client's types. A line marked as an error fails the
 * type check if it is none.
 */
import type { EventEmitter } from "node:events";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import express5 from "express";
import express4 from "express4";
import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis5";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const check = <T extends true>(..._proof: T[]): void => {};

const client = new Redis({ lazyConnect: true });
const redis = tickpipe(client);
const older = tickpipe(new Redis5({ lazyConnect: true }));

check<Same<typeof redis, Tickpiped<Redis>>>();
// Every member of the client, by name: all the same, but for the emitter's, which return the view for chaining.
type Differing = {
  [Name in keyof Redis]-?: Same<Tickpiped<Redis>[Name], Redis[Name]> extends true ? never : Name;
}[keyof Redis];
check<Differing extends keyof EventEmitter ? true : false>();
check<Same<ReturnType<typeof redis.on>, Tickpiped<Redis>>>();
check<Same<typeof redis.tickpipe.client, Redis>>();
check<Same<ReturnType<typeof redis.incr>, Promise<number>>>();

const passedOn: Redis = redis;
void passedOn;

// @ts-expect-error get gives a string or null, never a number
const wrongReply: Promise<number> = redis.get("k");
// @ts-expect-error a command that does not exist
redis.gett("k");
// @ts-expect-error set needs a value
redis.set("k");
// @ts-expect-error "tickpipe" cannot be replaced
redis.tickpipe = older.tickpipe;
void wrongReply;

// @ts-expect-error not a client
tickpipe({});
// @ts-expect-error a class is not a client
tickpipe(Redis);
// @ts-expect-error a URL is not a client
tickpipe("redis://localhost");
// @ts-expect-error not a schedule
tickpipe(client, { flush: "soon" });
// @ts-expect-error not an option
tickpipe(client, { flushes: "immediate" });

class Store extends Redis {
  saved(key: string): Promise<boolean> {
    return this.exists(key).then((count) => count > 0);
  }
}
const store = tickpipe(new Store({ lazyConnect: true }));
check<Same<ReturnType<typeof store.saved>, Promise<boolean>>>();

check<Same<typeof older.get, Redis5["get"]>>();

const scope = redis.tickpipe.scope({ name: "report" });
check<Same<typeof scope.redis, Tickpiped<Redis>>>();

express5().use(perRequest(redis), (req, _res, next) => {
  check<Same<typeof req.redis, Tickpiped<Redis>>>();
  // @ts-expect-error the view is not a string
  const wrong: string = req.redis;
  void wrong;
  next();
});
express4().use(perRequest(client), (req, _res, next) => {
  check<Same<typeof req.redis.get, Redis["get"]>>();
  next();
});
