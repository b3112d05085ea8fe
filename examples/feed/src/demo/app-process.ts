/* A child process of the demo: serves the app on a free port, with a plain or a wrapped client, and measures itself. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { inspector } from "@tickpipe/inspector";
import { countSocketWrites, meterRequests } from "@tickpipe/test-support";
import type { Express } from "express";
import { createApp } from "../app/app.ts";
import type { AppCommand, AppReport, AppSettings } from "./app-messages.ts";
import { connectTo } from "./redis-source.ts";

const send = (report: AppReport): void => {
  process.send?.(report);
};

const [{ address, keyPrefix, wrapped, inspected, port }] = (await once(process, "message")) as [AppSettings];
const client = connectTo(address, { keyPrefix });
await client.ping();
const writes = countSocketWrites(client.stream);
// The one line in which the two apps differ.
const redis = wrapped ? tickpipe(client) : client;
const inspect = (app: Express): void => {
  app.use(perRequest(redis));
  app.use("/_tickpipe", inspector(redis));
};
const server = createApp(redis, inspected ? inspect : undefined).listen(port, "127.0.0.1");
await once(server, "listening");
send({ port: (server.address() as AddressInfo).port, served: 0, writes: 0, cpuMicros: 0 });

const requests = meterRequests(server);
process.on("message", async (command: AppCommand) => {
  if (command === "stop measuring") {
    send({ port: 0, ...(await requests.stop()), writes: writes.take() });
    return;
  }
  writes.take();
  requests.start();
});
process.once("disconnect", () => process.exit());
