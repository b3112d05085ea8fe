import { EventEmitter, once } from "node:events";
import { type ClientRequest, createServer, get, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { HOST } from "@tickpipe/test-support";
import express from "express";
import type { Redis } from "ioredis";
import type { ClientUnderTest } from "./client-under-test.ts";
import type { Visit } from "./program.ts";
import type { RunningThread } from "./thread.ts";

/** Runs each thread in the handler of a request of its own, all at once, to the end of the last thread. */
export async function serveVisits(
  visits: readonly Visit[],
  threads: readonly RunningThread[],
  client: ClientUnderTest,
): Promise<void> {
  const app = express();
  app.use(client.serve);
  const runs: Promise<void>[] = [];
  const begun = new EventEmitter();
  const requests: ClientRequest[] = [];
  app.get("/:thread", (req, res) => {
    const number = Number(req.params.thread);
    const [thread, visit, request] = [threads[number], visits[number], requests[number]];
    if (!thread || !visit || !request) throw new Error(`There is no thread ${number}.`);
    const objects = { ...client.objects, scope: req.redis as Redis };
    const run = thread.run(objects, (tick) => (tick === visit.endsAfterTick ? end(visit, res, request) : undefined));
    runs.push(run.then(() => void res.end()));
    if (runs.length === threads.length) begun.emit("all");
  });
  const server = createServer(app).listen(0, HOST);
  await once(server, "listening");
  try {
    requests.push(...threads.map((_, number) => visit(server, number)));
    await once(begun, "all");
    await Promise.all(runs);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function visit(server: Server, thread: number): ClientRequest {
  const { port } = server.address() as AddressInfo;
  const request = get({ host: HOST, port, path: `/${thread}`, agent: false }, (response) => response.resume());
  // The visitor who hangs up does not want to hear of it.
  return request.on("error", () => {});
}

async function end({ end, waitsForClose }: Visit, res: ServerResponse, request: ClientRequest): Promise<void> {
  if (end === "response") res.end("sent");
  else request.destroy();
  if (waitsForClose && !res.closed) await once(res, "close");
}
