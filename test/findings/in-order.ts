/* Handlers in which the order of the calls is their meaning: made together, they would do something else. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Handler, range } from "./handler.ts";

const QUEUES = ["queue:a", "queue:b", "queue:c", "queue:d"];

export const inOrder: Record<string, Handler> = {
  oneQueueAfterTheOther: async (redis) => {
    const jobs = [];
    for (const queue of QUEUES) jobs.push(await redis.blpop(queue, 0.01));
    return jobs;
  },

  queuesByPriority: async (redis) => {
    for (const queue of QUEUES) {
      const job = await redis.brpop(queue, 0.01);
      if (job !== null) return job;
    }
    return null;
  },

  streamsInTurn: async (redis) => {
    const read = [];
    for (const id of range(4)) read.push(await redis.xread("BLOCK", 1, "STREAMS", `stream:${id}`, "0"));
    return read;
  },

  blockingThenReads: async (redis) => {
    const user = await redis.hgetall("user:1");
    const job = await redis.blpop("queue:none", 0.01);
    const settings = await redis.get("settings");
    return { user, job, settings };
  },

  waitForReplicas: async (redis) => {
    const lags = [];
    for (const id of range(4)) {
      await redis.set(`replicated:${id}`, "x");
      lags.push(await redis.wait(0, 1));
    }
    return lags;
  },

  timesLeft: async (redis) => {
    const left = [];
    for (const id of range(4)) left.push(await redis.ttl(`text:${id}`));
    return left;
  },

  untilAllHaveExpired: async (redis) => {
    await redis.set("lease", "me", "PX", 5);
    while ((await redis.pttl("lease")) > 0) await sleep(1);
    return redis.get("lease");
  },

  idleTimes: async (redis) => {
    const idle = [];
    for (const id of range(4)) idle.push(await redis.object("IDLETIME", `text:${id}`));
    return idle;
  },

  popsInTurn: async (redis) => {
    await redis.rpush("pops:1", "a", "b");
    const taken = [];
    for (const id of range(4)) taken.push(await redis.lpop(`pops:${id}`));
    return taken;
  },

  membersTaken: async (redis) => {
    const taken = [];
    for (const id of range(4)) taken.push(await redis.spop(`drawn:${id}`));
    return taken;
  },

  locksInTurn: async (redis) => {
    const locks = [];
    for (const id of range(4)) locks.push(await redis.set(`lock:each:${id}`, "me", "PX", 5, "NX"));
    return locks;
  },

  locksBySetnx: async (redis) => {
    const locks = [];
    for (const id of range(4)) locks.push(await redis.setnx(`lock:nx:${id}`, "me"));
    return locks;
  },

  slotsUntilOneIsFree: async (redis) => {
    for (const id of range(4)) {
      const holders = await redis.incr(`slot:${id}`);
      if (holders > 100) return id;
    }
    return null;
  },

  scriptsInTurn: async (redis) => {
    const replies = [];
    for (const id of range(4)) replies.push(await redis.eval("return redis.call('INCR', KEYS[1])", 1, `script:${id}`));
    return replies;
  },
};
