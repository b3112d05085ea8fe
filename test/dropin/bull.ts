import { type Processor, Queue, QueueEvents, Worker, type WorkerOptions } from "bullmq";
import type { Redis } from "ioredis";
import type { Aside } from "./both-clients.ts";

/** What BullMQ has for one queue. */
export interface Bull {
  readonly queue: Queue;
  readonly events: QueueEvents;
  readonly worker: Worker;
}

/** A queue, its events and a worker, all given one client, and closed at the end. */
export async function withBull<T>(
  redis: Redis,
  process: Processor,
  use: (bull: Bull) => Promise<T>,
  options: Partial<WorkerOptions> = {},
): Promise<T> {
  const connection = redis;
  const queue = new Queue("mail", { connection });
  // From the first event on: by default it is those after its first XREAD, whenever that reaches Redis.
  const events = new QueueEvents("mail", { connection, lastEventId: "0-0" });
  // Each waitUntilFinished listens to the queue as well.
  queue.setMaxListeners(1000);
  const worker = new Worker("mail", process, { connection, ...options });
  try {
    await Promise.all([queue.waitUntilReady(), events.waitUntilReady(), worker.waitUntilReady()]);
    return await use({ queue, events, worker });
  } finally {
    await worker.close();
    await events.close();
    await queue.close();
  }
}

/** Resolves once the connections that BullMQ made are closed, and those of the client under test and aside are left. */
export async function untilAlone({ redis }: Aside): Promise<void> {
  const connections = async (): Promise<number> =>
    String(await redis.client("LIST"))
      .trim()
      .split("\n").length;
  while ((await connections()) > 2) await new Promise((resolve) => setImmediate(resolve));
}
