/* The process behind `startDelayProxy`. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { serveArrivals } from "./arrivals.ts";
import { machineMillis, poll } from "./precise-polling.ts";

const HOST = "127.0.0.1";
const [, , targetPort, millisEachWay] = process.argv;

/** Passes on what comes, each portion so much later, in its order. */
function forward(from: Socket, to: Socket): void {
  const held: { readonly data: Buffer; readonly dueMillis: number }[] = [];
  const release = (): boolean => {
    while (held[0] && held[0].dueMillis <= machineMillis()) to.write(held.shift()?.data ?? "");
    return held.length > 0;
  };
  from.on("data", (data) => {
    held.push({ data, dueMillis: machineMillis() + Number(millisEachWay) });
    poll(release);
  });
  from.on("error", () => to.destroy()).on("close", () => to.destroy());
}

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, HOST), "listening");
  return (server.address() as AddressInfo).port;
}

const proxy = createServer((client) => {
  const upstream = connect(Number(targetPort), HOST).setNoDelay(true);
  client.setNoDelay(true);
  forward(client, upstream);
  forward(upstream, client);
});
process.send?.({ port: await listen(proxy), arrivalsPort: await listen(createServer(serveArrivals)) });
process.once("disconnect", () => process.exit());
