/* A child process of the demo: serves the app on a free port, with a plain or a wrapped client, and measures itself. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tickpipe } from "@tickpipe/core";
import { countSocketWrites } from "@tickpipe/test-support";
import { createApp } from "../app/app.ts";
import type { AppCommand, AppReport, AppSettings } from "./app-messages.ts";
import { connectTo } from "./redis-source.ts";

const send = (report: AppReport): void => {
  process.send?.(report);
};

const [{ address, keyPrefix, wrapped, port }] = (await once(process, "message")) as [AppSettings];
const client = connectTo(address, { keyPrefix });
await client.ping();
const writes = countSocketWrites(client.stream);
// The one line in which the two apps differ.
const redis = wrapped ? tickpipe(client) : client;
const server = createApp(redis).listen(port, "127.0.0.1");
await once(server, "listening");
send({ port: (server.address() as AddressInfo).port, served: 0, writes: 0, cpuMicros: 0 });

let cpu = process.cpuUsage();
let active = 0;
let served = 0;
let stopping = false;

server.on("request", (_req, res) => {
  active += 1;
  res.once("close", () => {
    active -= 1;
    served += 1;
    if (stopping) reportIfIdle();
  });
});

/** What is reported is whole requests: those under way when the load ended are waited for. */
function reportIfIdle(): void {
  if (active > 0) return;
  stopping = false;
  const { user, system } = process.cpuUsage(cpu);
  send({ port: 0, served, writes: writes.take(), cpuMicros: user + system });
}

process.on("message", (command: AppCommand) => {
  if (command === "stop measuring") {
    stopping = true;
    reportIfIdle();
    return;
  }
  writes.take();
  served = 0;
  cpu = process.cpuUsage();
});
process.once("disconnect", () => process.exit());
