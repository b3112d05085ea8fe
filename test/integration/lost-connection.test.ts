import { tickpipe } from "@tickpipe/core";
import { startFaultProxy } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();

/** One tick of increments, with a pipeline and a transaction in its midst. 108 counters, each touched once. */
function oneTick(redis: Redis): Promise<unknown>[] {
  const increment = (i: number) => redis.incr(`counter:${String(i).padStart(3, "0")}`);
  return [
    ...range(50).map(increment),
    redis.pipeline().incr("pipeline:1").incr("pipeline:2").incr("pipeline:3").incr("pipeline:4").exec(),
    redis.multi().incr("multi:1").incr("multi:2").exec(),
    ...range(50).map((i) => increment(50 + i)),
    redis.echo("end of tick"),
  ];
}

const REPLY = ":1\r\n".length;

const cuts: Record<string, number> = {
  "before the first reply": 0,
  "after 25 replies": 25 * REPLY,
  "in the middle of a reply": 25 * REPLY + 2,
  "in the middle of the pipeline": 52 * REPLY,
  "in the middle of the transaction": 54 * REPLY + "+OK\r\n+QUEUED\r\n".length,
  "after half of the second run": 54 * REPLY + "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n".length + 25 * REPLY,
};

const optionSets = {
  "the default options": {},
  "no retry": { retryStrategy: () => null },
  "maxRetriesPerRequest 0": { maxRetriesPerRequest: 0, retryStrategy: () => 5 },
};

describe.each(clientVariants.filter(({ name }) => !name.includes("replies")))(
  "a connection lost, $name",
  ({ make }) => {
    for (const [optionsName, options] of Object.entries(optionSets)) {
      it.each(Object.entries(cuts))(
        `comes out as on the plain client, with ${optionsName}, cut %s`,
        async (_name, at) => {
          const plain = server.client();
          const outcomes: unknown[] = [];
          for (const wrap of [(redis: Redis) => redis, (redis: Redis): Redis => tickpipe(redis)]) {
            await plain.flushall();
            const proxy = await startFaultProxy(server.port);
            proxy.inject({ from: "counter:000", to: "end of tick", replyBytes: at, fault: "cut" });
            const raw = make({ port: proxy.port, ...options });
            raw.on("error", () => {});
            const redis = wrap(raw);
            await redis.ping();
            const settled = await Promise.allSettled(oneTick(redis));
            const keys = (await plain.keys("*")).sort();
            const counts = await Promise.all(keys.map(async (key) => [key, await plain.get(key)]));
            outcomes.push({ settled, counts });
            raw.disconnect();
            await proxy.stop();
          }
          expect(outcomes[1]).toEqual(outcomes[0]);
        },
      );
    }
  },
);
