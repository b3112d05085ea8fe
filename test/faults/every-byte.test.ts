import { Redis, type RedisOptions } from "ioredis";
import { expect, it } from "vitest";
import { range } from "../engine.ts";
import { useCutPlayers } from "./cut-players.ts";

const players = useCutPlayers();

it("2 KiB of replies, cut after every byte, reach their own callers or nobody, as on the plain client", {
  timeout: 120_000,
}, async () => {
  const make = (options: RedisOptions) => new Redis({ ...options, retryStrategy: () => 1 });
  const replies = await players.replies(make);
  expect(replies.length).toBeGreaterThanOrEqual(2048);
  await players.play(range(replies.length), make);
});
