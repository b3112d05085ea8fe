import { FlowProducer, type Job, Queue } from "bullmq";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { bothClients } from "./both-clients.ts";
import { type Bull, untilAlone, withBull } from "./bull.ts";

const failure = (error: Error): string => `${error.name}: ${error.message}`;

describe.each(bothClients())("BullMQ on $name", ({ sameOutcome }) => {
  // BullMQ asks for maxRetriesPerRequest: null; its own timers decide how often it asks Redis.
  const asBull = { options: { maxRetriesPerRequest: null }, sameCommands: false };

  it("adds jobs, works on them, and tells of each step", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const heard: Record<string, unknown[]> = {};
      const hear = (id: string, event: unknown): void => {
        heard[id] = [...(heard[id] ?? []), event];
      };
      const work = async (job: Job) => {
        await job.updateProgress(50);
        await job.log(`sent to ${job.data.to}`);
        return `sent ${job.data.to}`;
      };
      const answers = await withBull(redis, work, async ({ queue, events }) => {
        events.on("added", ({ jobId, name }) => hear(jobId, ["added", name]));
        events.on("active", ({ jobId }) => hear(jobId, "active"));
        events.on("progress", ({ jobId, data }) => hear(jobId, ["progress", data]));
        events.on("completed", ({ jobId, returnvalue }) => hear(jobId, ["completed", returnvalue]));
        const jobs = [await queue.add("letter", { to: "ann" })];
        jobs.push(...(await queue.addBulk(["bob", "eve"].map((to) => ({ name: "card", data: { to } })))));
        const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
        const logs = await Promise.all(jobs.map(({ id = "" }) => queue.getJobLogs(id)));
        return { results, logs: logs.map((each) => each.logs), counts: await queue.getJobCounts("completed", "wait") };
      });
      await untilAlone(aside);
      return { ...answers, heard, status: redis.status, ping: await redis.ping() };
    }, asBull);
    const steps = (name: string, to: string) => [
      ["added", name],
      "active",
      ["progress", 50],
      ["completed", `sent ${to}`],
    ];
    expect(outcome).toEqual({
      results: ["sent ann", "sent bob", "sent eve"],
      logs: [["sent to ann"], ["sent to bob"], ["sent to eve"]],
      counts: { completed: 3, wait: 0 },
      heard: { 1: steps("letter", "ann"), 2: steps("card", "bob"), 3: steps("card", "eve") },
      status: "ready",
      ping: "PONG",
    });
  });

  it("tries a failed job again, gives it up, and takes it up when asked to", async () => {
    const outcome = await sameOutcome(async (redis) => {
      let isMended = false;
      const work = async (job: Job) => {
        if (job.name === "flaky" && job.attemptsMade === 2) return "third time";
        if (isMended) return "mended";
        throw new TypeError(`cannot ${job.name}`);
      };
      return withBull(redis, work, async ({ queue, events }) => {
        const flaky = await queue.add("flaky", {}, { attempts: 3, backoff: { type: "exponential", delay: 5 } });
        const broken = await queue.add("broken", {}, { attempts: 2 });
        const results = [await flaky.waitUntilFinished(events), await broken.waitUntilFinished(events).catch(failure)];
        const [failed] = await queue.getFailed();
        const traces = failed?.stacktrace?.map((trace) => trace.split("\n")[0]);
        const seen = { traces, reason: failed?.failedReason, attempts: failed?.attemptsMade };
        isMended = true;
        await failed?.retry();
        results.push(await broken.waitUntilFinished(events));
        return { results, ...seen };
      });
    }, asBull);
    expect(outcome).toEqual({
      results: ["third time", "Error: cannot broken", "mended"],
      traces: ["TypeError: cannot broken", "TypeError: cannot broken"],
      reason: "cannot broken",
      attempts: 2,
    });
  });

  it("keeps to delays, priorities and the order of the queue", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const done: string[] = [];
      const work = async (job: Job) => done.push(job.name);
      const use = async ({ queue, events, worker }: Bull) => {
        const jobs = [
          await queue.add("second", {}),
          await queue.add("last", {}, { priority: 9 }),
          await queue.add("fourth", {}, { priority: 2 }),
          await queue.add("third", {}),
          await queue.add("first", {}, { lifo: true }),
        ];
        const delayed = await queue.add("delayed", {}, { delay: 50 });
        const promoted = await queue.add("promoted", {}, { delay: 3_600_000 });
        const states = await Promise.all([jobs[0], jobs[1], promoted].map((job) => job?.getState()));
        void worker.run();
        await Promise.all([...jobs, delayed].map((job) => job.waitUntilFinished(events)));
        await promoted.promote();
        await promoted.waitUntilFinished(events);
        const { processedOn = 0, timestamp } = (await queue.getJob(delayed.id ?? "")) ?? delayed;
        return { states, done: done.filter((name) => name !== "delayed"), hasWaited: processedOn - timestamp >= 50 };
      };
      return withBull(redis, work, use, { autorun: false });
    }, asBull);
    expect(outcome).toEqual({
      states: ["waiting", "prioritized", "delayed"],
      done: ["first", "second", "third", "fourth", "last", "promoted"],
      hasWaited: true,
    });
  });

  it("works on 200 jobs, 20 at a time, each once, while the client goes on answering", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const worked = new Map<number, number>();
      const work = async ({ data: n }: Job<number>) => {
        worked.set(n, (worked.get(n) ?? 0) + 1);
        return redis.incr("worked");
      };
      return withBull(
        redis,
        work,
        async ({ queue, events }) => {
          // The worker is waiting in a blocking command now: on a connection of its own, or this would wait for it.
          const answered = await Promise.all(range(50).map((i) => redis.set(`k${i}`, i)));
          const jobs = await queue.addBulk(range(200).map((n) => ({ name: "n", data: n })));
          const counts = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
          return {
            answered: answered.every((reply) => reply === "OK"),
            worked: [...worked.values()].every((times) => times === 1) && worked.size,
            counts: counts.sort((a, b) => a - b),
          };
        },
        { concurrency: 20 },
      );
    }, asBull);
    expect(outcome).toEqual({ answered: true, worked: 200, counts: range(200).map((i) => i + 1) });
  });

  it("lets a parent wait for its children, and a schedule make its jobs", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const work = async (job: Job) => {
        if (job.name !== "parent") return job.data.price ?? "scheduled";
        return Object.values(await job.getChildrenValues<number>()).reduce((sum, price) => sum + price, 0);
      };
      return withBull(redis, work, async ({ queue, events, worker }) => {
        const flows = new FlowProducer({ connection: redis });
        const children = [3, 4, 5].map((price) => ({ name: "child", queueName: "mail", data: { price } }));
        const { job } = await flows.add({ name: "parent", queueName: "mail", children });
        const sum = await job.waitUntilFinished(events);
        await flows.close();
        let left = 3;
        const allScheduled = new Promise<void>((resolve) => {
          worker.on("completed", ({ name }) => name === "tick" && --left === 0 && resolve());
        });
        await queue.upsertJobScheduler("every", { every: 20, limit: 3 }, { name: "tick", data: {} });
        await allScheduled;
        const removed = await queue.removeJobScheduler("every");
        return { sum, removed, left: await queue.getJobSchedulersCount() };
      });
    }, asBull);
    expect(outcome).toEqual({ sum: 12, removed: true, left: 0 });
  });

  it("pauses, counts, drains and removes", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const answers = await withBull(
        redis,
        async () => "done",
        async ({ queue, events }) => {
          await queue.pause();
          const jobs = await queue.addBulk(range(5).map((n) => ({ name: "n", data: n, opts: { jobId: `job-${n}` } })));
          const paused = [await queue.isPaused(), await queue.count()];
          await jobs[4]?.remove();
          // The same id again is the same job.
          await queue.add("n", "again", { jobId: "job-1" });
          await queue.resume();
          await Promise.all(jobs.slice(0, 4).map((job) => job.waitUntilFinished(events)));
          const completed = (await queue.getCompleted()).map(({ id, data }) => `${id}: ${data}`).sort();
          const cleaned = (await queue.clean(0, 100, "completed")).sort();
          await queue.add("later", {}, { delay: 3_600_000 });
          await queue.drain(true);
          const left = await queue.getJobCounts("completed", "delayed", "wait", "failed");
          return { paused, completed, cleaned, left };
        },
      );
      const queue = new Queue("mail", { connection: redis });
      await queue.obliterate({ force: true });
      await queue.close();
      return { ...answers, keys: await aside.redis.keys("bull:mail:*") };
    }, asBull);
    const ids = range(4).map((n) => `job-${n}`);
    expect(outcome).toEqual({
      paused: [true, 5],
      completed: ids.map((id, n) => `${id}: ${n}`),
      cleaned: ids,
      left: { completed: 0, delayed: 0, wait: 0, failed: 0 },
      keys: [],
    });
  });

  it("closes a worker only when its job is done", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      let begin = () => {};
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      let finish = () => {};
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const work = async () => {
        begin();
        await finished;
        return "done";
      };
      const { id, returnvalue } = await withBull(redis, work, async ({ queue, worker }) => {
        const { id = "" } = await queue.add("long", {});
        await begun;
        const closed = worker.close();
        finish();
        await closed;
        return { id, returnvalue: (await queue.getJob(id))?.returnvalue };
      });
      await untilAlone(aside);
      return { id, returnvalue, set: await redis.set("k", "still open") };
    }, asBull);
    expect(outcome).toEqual({ id: "1", returnvalue: "done", set: "OK" });
  });
});
