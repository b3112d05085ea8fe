/* The process behind `startCountingProxy`. */
import { type AddressInfo, connect, createServer } from "node:net";

const HOST = "127.0.0.1";
let arrivals = 0;
let bytes = 0;

const server = createServer((client) => {
  const upstream = connect(Number(process.argv[2]), HOST).setNoDelay(true);
  client.setNoDelay(true);
  client.on("data", (data) => {
    arrivals += 1;
    bytes += data.length;
    upstream.write(data);
  });
  upstream.pipe(client);
  client.on("error", () => upstream.destroy()).on("close", () => upstream.destroy());
  upstream.on("error", () => client.destroy()).on("close", () => client.destroy());
});
server.listen(0, HOST, () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("message", () => {
  process.send?.({ arrivals, bytes });
  arrivals = 0;
  bytes = 0;
});
process.once("disconnect", () => process.exit());
