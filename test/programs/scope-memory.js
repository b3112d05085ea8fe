/* Opens and closes a million scopes, and prints what they leave behind. Run with --expose-gc. */
import { tickpipe } from "@tickpipe/core";
import { Redis } from "ioredis";

const SCOPES = 1_000_000;

const redis = tickpipe(new Redis({ lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: null }));
const countListeners = () => redis.eventNames().reduce((sum, name) => sum + redis.listenerCount(name), 0);

let collected = 0;
const registry = new FinalizationRegistry(() => {
  collected += 1;
});

function open(i) {
  if (i % 100 !== 0) {
    const scope = redis.tickpipe.scope({ memo: i % 2 === 0 });
    if (i % 1_000 === 1) registry.register(scope.redis, i);
    scope.run(() => redis.tickpipe.currentScope());
    scope.close();
    return;
  }
  const controller = new AbortController();
  const scope = redis.tickpipe.scope({ signal: controller.signal, deadlineMs: 60_000, maxPerTick: 1 });
  if (i % 200 === 0) controller.abort();
  scope.close();
}

/** Two turns, so that what finalizers and closed timers hold is let go. */
async function settleAndCollect() {
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
  await new Promise((resolve) => setImmediate(resolve));
}

for (let i = 0; i < 10_000; i++) open(i);
await settleAndCollect();
const before = { heap: process.memoryUsage().heapUsed, listeners: countListeners() };
for (let i = 0; i < SCOPES; i++) {
  open(i);
  if (i % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
}
await settleAndCollect();
const heapGrowthMiB = (process.memoryUsage().heapUsed - before.heap) / 2 ** 20;
const listeners = { before: before.listeners, after: countListeners() };
process.stdout.write(`${JSON.stringify({ heapGrowthMiB, collected, listeners })}\n`);
