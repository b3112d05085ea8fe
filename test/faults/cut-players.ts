import { once } from "node:events";
import { isDeepStrictEqual } from "node:util";
import { tickpipe } from "@tickpipe/core";
import { HOST, type RunningServer, startFaultProxy, startRedisServer } from "@tickpipe/test-support";
import { Redis, type RedisOptions } from "ioredis";
import { afterAll, beforeAll, expect } from "vitest";
import { range } from "../engine.ts";
import { dump } from "./both-sides.ts";
import { bounds, fullTick } from "./exchange.ts";
import { type Ledger, useLedger } from "./ledger.ts";
import { Callers } from "./outcome.ts";

/** Pairs of players, each with a proxy of its own, that play cuts at the same time. */
const AT_ONCE = 8;

type Make = (options: RedisOptions) => Redis;

interface Side {
  readonly wrap: (redis: Redis) => Redis;
  readonly server: RunningServer;
}

/** Plays one exchange again and again, cut elsewhere each time, on the plain client and on the wrapped one. */
export interface CutPlayers {
  /** All replies of the exchange. */
  replies(make: Make): Promise<Buffer>;
  /** Plays these cuts, each after so many bytes of the replies, and demands the same outcome and data of both sides. */
  play(cuts: readonly number[], make: Make, options?: { readonly anyOrder?: boolean }): Promise<void>;
}

export function useCutPlayers(): CutPlayers {
  const ledger = useLedger();
  const sides: Side[] = [];
  beforeAll(async () => {
    sides.push({ wrap: (redis) => redis, server: await startRedisServer() });
    sides.push({ wrap: (redis) => tickpipe(redis), server: await startRedisServer() });
  });
  afterAll(async () => {
    await Promise.all(sides.map(({ server }) => server.stop()));
  });
  return {
    replies: async (make) => {
      const [side] = sides;
      if (!side) throw new Error("The servers are there only within tests.");
      const player = await openPlayer(side, ledger, make);
      const { replies } = await player.play(0);
      await player.close();
      return replies;
    },
    play: async (cuts, make, { anyOrder = false } = {}) => {
      const controls = sides.map(({ server }) => new Redis({ host: HOST, port: server.port }));
      await Promise.all(controls.map((control) => control.flushall()));
      const openPair = () => Promise.all(sides.map((side) => openPlayer(side, ledger, make)));
      await forEachCut(cuts, openPair, async (cut, players) => {
        const outcomes = [];
        for (const player of players) outcomes.push(await player.play(cut));
        const [plain, wrapped] = outcomes.map(({ replies, order, ...rest }) => ({
          ...rest,
          length: replies.length,
          order: anyOrder ? {} : order,
        }));
        expect(plain).toMatchObject({ strays: [], corked: [0, 0] });
        // toEqual() tells the difference, and takes longer than the rest of the cut.
        if (!isDeepStrictEqual(wrapped, plain)) expect(wrapped, `cut after ${cut} bytes`).toEqual(plain);
      });
      const [plain, wrapped] = await Promise.all(controls.map(dump));
      for (const control of controls) control.disconnect();
      expect(wrapped).toEqual(plain);
    },
  };
}

/** The prefix of a cut's keys; equally long for all cuts, so that the exchange is. */
const prefixOf = (replyBytes: number): string => `cut${String(replyBytes).padStart(4, "0")}`;

/** A client of one side, which plays one cut after the other and connects again after each. */
async function openPlayer(side: Side, ledger: Ledger, make: Make) {
  const { server, wrap } = side;
  const proxy = await startFaultProxy(server.port);
  const raw = make({ port: proxy.port, lazyConnect: true, enableReadyCheck: false, disableClientInfo: true });
  raw.on("error", () => {});
  const redis = wrap(raw);
  /** Plays the exchange, cut after so many bytes of its replies. */
  const play = async (replyBytes: number) => {
    if (raw.status === "wait" || raw.status === "end") await raw.connect();
    else if (raw.status !== "ready") await once(raw, "ready");
    const prefix = prefixOf(replyBytes);
    const struck = proxy.inject({ ...bounds(prefix), replyBytes, fault: "cut" });
    const { stream } = raw;
    const closed = once(raw, "close");
    const callers = new Callers(ledger);
    fullTick(redis, prefix, callers.note);
    const replies = await struck;
    await Promise.all([closed, callers.settled()]);
    const { values, order, strays } = callers;
    return { values, order, strays, replies, corked: [stream.writableCorked, raw.stream.writableCorked] };
  };
  const close = async (): Promise<void> => {
    raw.disconnect();
    await proxy.stop();
  };
  return { play, close };
}

type Player = Awaited<ReturnType<typeof openPlayer>>;

async function forEachCut(
  cuts: readonly number[],
  openPair: () => Promise<Player[]>,
  play: (cut: number, players: readonly Player[]) => Promise<void>,
): Promise<void> {
  const left = [...cuts];
  const playNext = async (): Promise<void> => {
    const players = await openPair();
    try {
      for (let cut = left.shift(); cut !== undefined; cut = left.shift()) await play(cut, players);
    } finally {
      // After a failure the others end as well, before the next test begins.
      left.length = 0;
      await Promise.all(players.map((player) => player.close()));
    }
  };
  const played = await Promise.allSettled(range(AT_ONCE).map(playNext));
  for (const each of played) if (each.status === "rejected") throw each.reason;
}
