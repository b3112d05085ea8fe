import type { RedisOptions } from "ioredis";
import { describe, expect, it } from "vitest";
import { clientVariants } from "../variants.ts";
import { useCutPlayers } from "./cut-players.ts";

const players = useCutPlayers();

const optionSets: Record<string, RedisOptions> = {
  "sent again after a reconnect": { retryStrategy: () => 1 },
  "without a reconnect": { retryStrategy: () => null },
  "with maxRetriesPerRequest 0": { retryStrategy: () => 1, maxRetriesPerRequest: 0 },
};

describe.each(clientVariants)("an exchange cut after each whole reply, $name", ({ make, name: client }) => {
  it.each(Object.entries(optionSets))("comes out as on the plain client, %s", async (_name, own) => {
    const makeOwn = (options: RedisOptions) => make({ ...options, ...own });
    const ends = replyEnds(await players.replies(makeOwn));
    expect(ends.length).toBeGreaterThan(60);
    // iovalkey settles what is not lean later: see network.test.ts.
    await players.play([0, ...ends], makeOwn, { anyOrder: client === "iovalkey" });
  });
});

/** After how many bytes each reply ends. */
function replyEnds(replies: Buffer): number[] {
  const ends: number[] = [];
  for (let at = 0; at < replies.length; ) {
    at = endOfReply(replies, at);
    ends.push(at);
  }
  return ends;
}

/** Where the reply that begins there ends, in RESP2 and RESP3. */
function endOfReply(replies: Buffer, start: number): number {
  const lineEnd = replies.indexOf("\r\n", start) + 2;
  const type = replies.toString("latin1", start, start + 1);
  const length = Number(replies.toString("latin1", start + 1, lineEnd - 2));
  if (type === "$") return length < 0 ? lineEnd : lineEnd + length + 2;
  if (type !== "*" && type !== "%") return lineEnd;
  let at = lineEnd;
  for (let i = 0; i < (type === "%" ? 2 * length : length); i++) at = endOfReply(replies, at);
  return at;
}
