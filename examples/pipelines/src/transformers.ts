import { Command, type Redis } from "ioredis";

// For every client of this copy of ioredis: TIME's seconds and microseconds become a Date.
Command.setReplyTransformer("time", ([seconds, microseconds]: [string, string]) => {
  return new Date(Number(seconds) * 1000 + Number(microseconds) / 1000);
});

/** The server's time: by a call, in a pipeline, and in a transaction. */
export async function serverTimes(redis: Redis): Promise<unknown[]> {
  const [called, piped, executed] = await Promise.all([
    redis.time(),
    redis.pipeline().time().exec(),
    redis.multi().time().exec(),
  ]);
  return [called, piped?.[0]?.[1], executed?.[0]?.[1]];
}
