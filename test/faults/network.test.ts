import type { RedisOptions } from "ioredis";
import { describe, expect, it } from "vitest";
import { clientVariants } from "../variants.ts";
import { CONNECTION_LOST, type Script, useBothSides } from "./both-sides.ts";
import { bounds } from "./exchange.ts";
import { connectionClosed, fulfilled, rejections } from "./expected.ts";

const sides = useBothSides();

/** Somewhere in the second caller's replies. */
const MIDWAY = 500;

// The plain client's first write after an RST fails at once, and the rest of the tick waits in the offline queue, which
// ioredis rejects before what was written. With the view the whole tick counts as written.
const anyOrderAfterReset = { anyOrder: true };

const optionSets: Record<string, RedisOptions> = {
  "the default options": {},
  "no reconnect": { retryStrategy: () => null },
  "maxRetriesPerRequest 0": { maxRetriesPerRequest: 0 },
};

describe.each(clientVariants)("a fault of the network, $name", ({ make, name: client }) => {
  // iovalkey settles a command some microtasks after its reply, of which a lean command knows nothing: within one portion
  // of replies, a lean call settles before a call that is not.
  const play = (script: Script, options: { redis?: RedisOptions; anyOrder?: boolean } = {}) =>
    sides.play(script, { make, anyOrder: client === "iovalkey", ...options });

  describe.each(Object.entries(optionSets))("with %s", (name, redis) => {
    it.each([
      ["reset", "pass", 0],
      ["reset", "hold", 0],
      ["half-open", "pass", MIDWAY],
      ["half-open", "hold", 0],
      ["cut", "hold", 0],
    ] as const)(
      "%s, requests that %s, after %i bytes: comes out as on the plain client",
      async (fault, requests, replyBytes) => {
        const outcome = await play(
          async ({ proxy, tick, settled, next }) => {
            const struck = proxy.inject({ ...bounds("a"), requests, replyBytes, fault });
            const closed = next("close");
            tick("a");
            await struck;
            // Called when the connection is gone and the client does not know it yet.
            tick("b");
            await Promise.all([closed, settled()]);
            tick("c");
          },
          { redis, ...(fault === "reset" && anyOrderAfterReset) },
        );
        if (name === "the default options") expect(rejections(outcome, "c")).toEqual(fulfilled);
        else expect(rejections(outcome, "b")).toEqual(connectionClosed(name));
      },
    );
  });

  it("reset after half of the replies had arrived: the others are asked for again", async () => {
    const outcome = await play(async ({ proxy, tick, control, settled, next }) => {
      const stalled = proxy.inject({ ...bounds("a"), replyBytes: MIDWAY, fault: "stall" });
      const closed = next("close");
      tick("a");
      await stalled;
      // An exchange with the server: by then, what the proxy has passed on has arrived.
      await control.ping();
      proxy.strike("reset");
      await Promise.all([closed, settled()]);
    });
    // Its increment had run, and its reply had come; the last caller's ran twice.
    expect(outcome.values).toMatchObject({ "a-0 incrby": 1000, "a-3 incrby": 2006 });
    expect(outcome.errors).toEqual([CONNECTION_LOST]);
  });

  it("autoResendUnfulfilledCommands false: what is in flight is left as the plain client leaves it", async () => {
    const outcome = await play(
      async ({ redis, proxy, tick, next, strikeOutOpen }) => {
        const reconnected = next("close").then(() => next("ready"));
        const struck = proxy.inject({ ...bounds("a"), replyBytes: MIDWAY, fault: "cut" });
        tick("a");
        await struck;
        await reconnected;
        await redis.ping();
        return strikeOutOpen();
      },
      { redis: { autoResendUnfulfilledCommands: false } },
    );
    // ioredis forgets the calls that had been sent, and never settles their promises.
    expect(outcome.returned).toContain("a-3 get");
    expect(outcome.returned).not.toContain("a-0 get");
    expect(outcome.values).toMatchObject({ "a-0 incrby": 1000, "a-3 incrby": "not settled" });
  });

  it("a connection that stalls and goes on: every reply finds its caller", async () => {
    const outcome = await play(async ({ proxy, tick }) => {
      const stalled = proxy.inject({ ...bounds("a"), replyBytes: MIDWAY, fault: "stall" });
      tick("a");
      await stalled;
      tick("b");
      await iteration();
      tick("c");
      await iteration();
      proxy.strike("none");
    });
    expect([..."abc"].map((prefix) => rejections(outcome, prefix))).toEqual([fulfilled, fulfilled, fulfilled]);
  });

  it("replies later than commandTimeout reach nobody, and nobody's call gets them", async () => {
    const outcome = await play(async ({ redis, proxy, tick, settled }) => {
      const delayed = proxy.inject({ ...bounds("a"), replyBytes: MIDWAY, fault: "delay" });
      redis.options.commandTimeout = 400;
      tick("a");
      await Promise.all([delayed, settled()]);
      // Without a timeout of their own, which a slow machine could reach.
      delete redis.options.commandTimeout;
      tick("b");
      proxy.strike("none");
      tick("c");
    });
    expect(rejections(outcome, "a")).toContain("Command timed");
    expect([rejections(outcome, "b"), rejections(outcome, "c")]).toEqual([fulfilled, fulfilled]);
  });

  // In older clients each command starts a timer of its own, and a late one ends the next connection as well.
  const hasOneSocketTimer = client.startsWith("ioredis 6") || client === "ioredis 5";
  it.runIf(hasOneSocketTimer)(
    "a peer silent for longer than socketTimeout: the calls are sent again elsewhere",
    async () => {
      const outcome = await play(async ({ redis, proxy, tick, settled, next }) => {
        const silent = proxy.inject({ ...bounds("a"), requests: "hold", fault: "stall" });
        // Long enough for the handshake of the next connection, which it holds for as well, on a busy machine.
        redis.options.socketTimeout = 500;
        const connected = next("connect");
        tick("a");
        await silent;
        await connected;
        delete redis.options.socketTimeout;
        await settled();
      });
      expect(rejections(outcome, "a")).toEqual(fulfilled);
      expect(outcome.errors).toEqual([expect.stringContaining("Socket timeout")]);
    },
  );
});

/** One iteration of the event loop, in which a tick ends and leaves. */
function iteration(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
