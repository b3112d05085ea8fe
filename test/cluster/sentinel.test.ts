import { setImmediate as turn } from "node:timers/promises";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { countSocketWrites, eventually, HOST, type SentinelSet, startSentinelSet } from "@tickpipe/test-support";
import { Redis, type RedisOptions } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { Ledger } from "../faults/ledger.ts";
import { clientVariants } from "../variants.ts";
import { calledMore, Load, type LoadOutcome, underLoad } from "./load.ts";

const TAGS = range(10).map((i) => `t${i}`);
const CALLS_PER_SECOND = 1_000;

/** Clients under load, and what their calls may be rejected with. */
const loaded: Record<string, { variant?: string; options?: RedisOptions; errors: string[] }> = {
  "the default options": { errors: [] },
  "maxRetriesPerRequest 0": {
    options: { maxRetriesPerRequest: 0 },
    errors: [
      'Reached the max retries per request limit (which is #). Refer to "maxRetriesPerRequest" option for details.',
    ],
  },
  "ioredis 5": { variant: "ioredis 5", errors: [] },
  iovalkey: { variant: "iovalkey", errors: [] },
};

const faults: Record<string, (set: SentinelSet) => Promise<void>> = {
  "SENTINEL FAILOVER": (set) => set.failover(),
  "kill -9 of the master": (set) => set.killMaster(),
};

// One failover for all that it does to clients, since each takes seconds.
describe.each(Object.entries(faults))("Sentinel clients through %s", (fault, fail) => {
  const ledger = new Ledger();
  const clients: Redis[] = [];
  let set: SentinelSet;

  /** The calls tell what became of a connection, on both sides; the `error` events are noise. */
  const keep = (client: Redis): Redis => {
    clients.push(client);
    return client.on("error", () => {});
  };
  const connect = async (options: RedisOptions = {}, variant = "ioredis 6"): Promise<Redis> => {
    const maker = clientVariants.find(({ name }) => name === variant) ?? expect.fail(`no such client: ${variant}`);
    const client = keep(maker.make({ sentinels: [...set.sentinels], name: set.name, ...options }));
    await client.ping();
    return client;
  };

  const loads: Record<string, { plain: Load; wrapped: Load }> = {};
  let raw: Redis;
  let redis: Tickpiped<Redis>;
  let master: Redis;
  let popped: Promise<unknown>;
  let transactions = 0;
  let readers: { plain: Redis; raw: Redis };

  const increment = (): Promise<unknown> =>
    redis.tickpipe.transaction(["counter"], async (tx) =>
      tx.multi().set("counter", Number(await tx.get("counter")) + 1),
    );

  beforeAll(async () => {
    set = await startSentinelSet();
    for (const [name, { options, variant }] of Object.entries(loaded)) {
      loads[name] = {
        plain: new Load(`plain ${name}`, await connect(options, variant), TAGS),
        wrapped: new Load(`wrapped ${name}`, tickpipe(await connect(options, variant)), TAGS),
      };
    }
    raw = await connect();
    redis = tickpipe(raw, { blocking: "isolate" });
    readers = { plain: await connect({ role: "slave" }), raw: await connect({ role: "slave" }) };
    popped = ledger.track("blpop", redis.blpop("list", 0));
    await eventually("the call is blocked", () => redis.tickpipe.stats().blockingConnections === 1);

    let isOver = false;
    const inSeries = async (): Promise<void> => {
      while (!isOver) {
        await ledger.track(`transaction ${transactions++}`, increment()).catch(() => {});
        // A client that has ended rejects at once: without a turn of the event loop nothing could end this.
        await turn();
      }
    };
    const before = await set.masterPort();
    const all = Object.values(loads).flatMap(({ plain, wrapped }) => [plain, wrapped]);
    const inTransactions = inSeries();
    try {
      await underLoad(all, CALLS_PER_SECOND, async () => {
        await calledMore(all, 100);
        await fail(set);
        await calledMore(all, 100);
      });
    } finally {
      isOver = true;
      await inTransactions;
    }
    await set.restore();
    expect(await set.masterPort()).not.toBe(before);
    master = keep(new Redis({ host: HOST, port: await set.masterPort() }));
  });

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await set?.stop();
  });

  it.each(Object.entries(loaded))(
    "calls come out as on a plain client beside it, with %s",
    async (name, { errors }) => {
      const { plain, wrapped } = loads[name] ?? {};
      const [ofPlain, ofWrapped] = await Promise.all([plain?.outcome(), wrapped?.outcome()]);
      if (!ofPlain || !ofWrapped) throw new Error("Expected both to have been loaded.");
      console.log(`${fault}, ${name}: ${summary("plain", ofPlain)}; ${summary("wrapped", ofWrapped)}`);
      expect([ofPlain.wrong, ofWrapped.wrong]).toEqual([[], []]);
      for (const outcome of [ofPlain, ofWrapped]) {
        const rejected = Object.keys(outcome.errors);
        // Without a kill, it is chance whether calls were in flight when the connection was closed.
        if (fault !== "SENTINEL FAILOVER" || rejected.length > 0) expect(rejected).toEqual(errors);
      }
    },
  );

  it("one write per tick goes to the new master", async () => {
    const writes = countSocketWrites(raw.stream);
    const counts = await Promise.all(range(100).map((i) => redis.incr(`n${i}`)));
    expect([writes.take(), counts]).toEqual([1, range(100).map(() => 1)]);
    expect(await master.get("n99")).toBe("1");
  });

  it("a blocked call is blocked on the new master, and so is the next", async () => {
    // A server that is no master any more may tell so to whom it has blocked, before it closes their connections.
    const blocked = popped.catch((error: Error) => {
      expect(error.message).toMatch(/^UNBLOCKED /);
      return redis.blpop("list", 0);
    });
    await master.lpush("list", "from elsewhere");
    expect(await blocked).toEqual(["list", "from elsewhere"]);
    const again = redis.blpop("list", 0);
    await redis.lpush("list", "its own");
    expect(await again).toEqual(["list", "its own"]);
  });

  it("transactions that were under way have settled, executed once at most, and the next is the new master's", async () => {
    expect(ledger.open().filter((label) => label.startsWith("transaction"))).toEqual([]);
    const executed = Number(await master.get("counter"));
    expect(executed).toBeLessThanOrEqual(transactions);
    expect(await increment()).toEqual([[null, "OK"]]);
    expect(await master.get("counter")).toBe(String(executed + 1));
  });

  it("with role slave: reads come from a replica in one write, and a write is refused as on the plain client", async () => {
    const reader = tickpipe(readers.raw);
    await master.set("seen", fault);
    for (const client of [readers.plain, reader]) {
      await eventually("it has found a replica", async () => {
        const state = await client.info("replication").catch(() => "");
        // ioredis stays where it is until the connection is closed, whatever that server has become.
        if (state.includes("role:master")) client.disconnect(true);
        return state.includes("role:slave") && (await client.get("seen")) === fault;
      });
    }
    const writes = countSocketWrites(readers.raw.stream);
    expect(await Promise.all(range(50).map(() => reader.call("STRLEN", "seen")))).toEqual(
      range(50).map(() => fault.length),
    );
    expect(writes.take()).toBe(1);
    const refused = (client: Redis) => client.set("seen", "no").catch(({ message }: Error) => message);
    expect(await refused(reader)).toBe(await refused(readers.plain));
    expect(await refused(reader)).toContain("READONLY");
  });

  it("no call is left open", async () => {
    await ledger.allSettled();
  });
});

function summary(side: string, { calls, errors, longestGapMs }: LoadOutcome): string {
  return `${side}: ${calls} calls, longest wait for a reply ${longestGapMs} ms, errors ${JSON.stringify(errors)}`;
}
