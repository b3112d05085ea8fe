import { HOST } from "@tickpipe/test-support";
import { Redis, type RedisOptions } from "ioredis";
import { Redis as Redis5 } from "ioredis5";
import { Redis as Redis54 } from "ioredis5.4";
import IoValkey from "iovalkey";

/** The clients that Tickpipe promises to wrap, each as a maker of one. */
export interface ClientVariant {
  readonly name: string;
  readonly Redis: typeof Redis;
  make(options: RedisOptions): Redis;
}

function variant(name: string, Client: unknown, fixed: RedisOptions = {}): ClientVariant {
  // The versions differ in their types; what the tests call is alike in all of them.
  const Class = Client as typeof Redis;
  return { name, Redis: Class, make: (options) => new Class({ host: HOST, ...options, ...fixed }) };
}

export const clientVariants: readonly ClientVariant[] = [
  // RESP3 is the default of ioredis 6, with replies in the shapes of RESP2.
  variant("ioredis 6", Redis),
  variant("ioredis 6 with RESP2", Redis, { protocol: 2 }),
  variant("ioredis 6 with RESP3 replies", Redis, { protocol: 3, replyMapping: "resp3" }),
  variant("ioredis 5", Redis5),
  variant("ioredis 5.4", Redis54),
  variant("iovalkey", IoValkey),
];
