import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { HOST } from "@tickpipe/test-support";

/** A proxy that can hold the replies back, so that commands stay in flight after all their bytes have arrived. */
export interface HoldingProxy {
  readonly port: number;
  /** Passes no reply on from now on. Resolves when so many bytes of requests have come since. */
  hold(requestBytes: number): Promise<void>;
  /** Ends its connections, with what was held. */
  drop(): void;
  stop(): Promise<void>;
}

export async function startHoldingProxy(targetPort: number): Promise<HoldingProxy> {
  const pairs = new Set<readonly [client: Socket, upstream: Socket]>();
  let missingBytes = 0;
  let arrived = (): void => {};
  const server = createServer((client) => {
    const upstream = connect(targetPort, HOST).setNoDelay(true);
    client.setNoDelay(true);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.on("data", (data) => {
      upstream.write(data);
      missingBytes -= data.length;
      if (missingBytes <= 0) arrived();
    });
    upstream.pipe(client);
    client.on("error", () => {}).on("close", () => upstream.destroy());
    upstream
      .on("error", () => {})
      .on("close", () => {
        client.destroy();
        pairs.delete(pair);
      });
  });
  await once(server.listen(0, HOST), "listening");
  const drop = (): void => {
    for (const [client] of pairs) client.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    hold: (requestBytes) => {
      for (const [client, upstream] of pairs) {
        upstream.unpipe(client);
        upstream.pause();
      }
      missingBytes = requestBytes;
      return new Promise((resolve) => {
        arrived = resolve;
      });
    },
    drop,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      drop();
      await closed;
    },
  };
}
