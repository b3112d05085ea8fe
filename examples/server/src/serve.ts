import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** How long requests that have begun may take to end when the process is told to stop, in milliseconds. */
const GRACE_MS = 10_000;

/** This machine alone: an example needs no more. */
const HOST = "127.0.0.1";

/** What is to be ended with the server: an ioredis client, a database. */
type End = () => Promise<unknown>;

/**
 * Serves an app on `PORT` (default: any free port) and prints its address. At SIGTERM or Ctrl-C it takes no more connections, lets the requests that have
 * begun be answered, and only then ends what they need.
 */
export async function serve(app: RequestListener, ...ends: readonly End[]): Promise<void> {
  const server = createServer(app).listen(Number(process.env.PORT ?? 0), HOST);
  const stop = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    // Node would keep a connection for five seconds after its last answer, for requests that it does not take any more.
    const closing = setInterval(() => server.closeIdleConnections(), 50);
    setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
    await closed;
    clearInterval(closing);
    for (const end of ends) await end(); // such as () => redis.quit()
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
  await once(server, "listening");
  process.stdout.write(`http://${HOST}:${(server.address() as AddressInfo).port}\n`);
}
