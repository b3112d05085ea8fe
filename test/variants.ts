import { Redis, type RedisOptions } from "ioredis";
import { Redis as Redis5 } from "ioredis5";

/** The clients that Tickpipe promises to wrap, each as a maker of one. */
export interface ClientVariant {
  readonly name: string;
  readonly Redis: typeof Redis;
  make(options: RedisOptions): Redis;
}

export const clientVariants: readonly ClientVariant[] = [
  // RESP3 is its default, with replies in the shapes of RESP2.
  { name: "ioredis 6", Redis, make: (options) => new Redis(options) },
  { name: "ioredis 6 with RESP2", Redis, make: (options) => new Redis({ ...options, protocol: 2 }) },
  {
    name: "ioredis 6 with RESP3 replies",
    Redis,
    make: (options) => new Redis({ ...options, protocol: 3, replyMapping: "resp3" }),
  },
  // The two versions differ in their types; what the tests call is alike in both.
  {
    name: "ioredis 5",
    Redis: Redis5 as unknown as typeof Redis,
    make: (options) => new Redis5(options as never) as unknown as Redis,
  },
];
