/* A child process of the benchmark: an Express app whose requests call Redis through one subject, or not at all. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { HOST, meterRequests, type ServedRequests } from "@tickpipe/test-support";
import express, { type Request } from "express";
import { subjects } from "../micro/subjects.ts";
import type { Call } from "../micro/workloads.ts";
import { NO_REDIS } from "../subject-names.ts";
import { scopedApps } from "./scoped-apps.ts";
import { type Answer, requestsOf } from "./values.ts";

/** What the benchmark asks for, and what is answered. */
export type AppCommand = "start measuring" | "stop measuring";
/** Once, when the app listens. */
export interface AppAddress {
  readonly port: number;
}
/** At each "stop measuring". */
export type AppReport = ServedRequests;

const [, , name = "", redisPort = ""] = process.argv;
const app = express();
const make = await makerOf(name);

/** How this subject makes the calls of a request. */
async function makerOf(name: string): Promise<(calls: readonly Call[], req: Request) => Promise<unknown>> {
  if (name === NO_REDIS) return async () => [];
  const scoped = scopedApps[name]?.(Number(redisPort));
  if (scoped) {
    if (scoped.middleware) app.use(scoped.middleware);
    return scoped.make;
  }
  const subject = await subjects[name]?.(Number(redisPort));
  if (!subject) throw new Error(`Expected one of ${Object.keys(subjects).join(", ")}.`);
  return (calls) => subject.make(calls);
}

/** The values, of one call or of many; a pipeline answers each with its error beside it. */
function valuesOf(replies: unknown): readonly unknown[] {
  if (!Array.isArray(replies)) return [replies];
  if (!Array.isArray(replies[0])) return replies;
  return replies.map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}

// The same for every subject and number of calls. Without calls, it goes the same way with an empty list.
const answers = new Map<string, (req: Request) => Promise<Answer>>();
app.get("/:calls", async (req, res) => {
  const { calls } = req.params;
  const answer = answers.get(calls) ?? answersOf(Number(calls));
  answers.set(calls, answer);
  res.json(await answer(req));
});

function answersOf(callsPerRequest: number): (req: Request) => Promise<Answer> {
  const different = requestsOf(callsPerRequest);
  let next = 0;
  return async (req) => {
    const { first, calls } = different[next++ % different.length] ?? { first: 0, calls: [] };
    return { first, values: valuesOf(await make(calls, req)) };
  };
}

const server = app.listen(0, HOST);
await once(server, "listening");
const meter = meterRequests(server);

process.on("message", async (command: AppCommand) => {
  if (command === "start measuring") meter.start();
  else process.send?.((await meter.stop()) satisfies AppReport);
});
process.once("disconnect", () => process.exit());
process.send?.({ port: (server.address() as AddressInfo).port } satisfies AppAddress);
