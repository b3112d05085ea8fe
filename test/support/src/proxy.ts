import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { HOST } from "./running-server.ts";

/** A TCP, TLS or Unix proxy in this process, in front of a server. */
export interface Proxy {
  /** 0 if it listens on a path. */
  readonly port: number;
  /** How many connections it has accepted. */
  connections(): number;
  /** Destroys the connections of the moment, at once. New ones are accepted. */
  drop(): void;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /** The path of a Unix socket to listen on, instead of a port. */
  path?: string;
  /** Speaks TLS to the client, with this key and certificate. */
  tls?: { readonly key: string; readonly cert: string };
  /** The first connection whose requests contain this text is destroyed when the server has answered, before the client hears of it. */
  loseReplyTo?: string;
}

/** Starts a proxy to a port of this machine. */
export async function startProxy(targetPort: number, options: ProxyOptions = {}): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let { loseReplyTo } = options;
  const accept = (client: Socket): void => {
    connections += 1;
    const upstream = connect(targetPort, HOST).setNoDelay(true);
    client.setNoDelay(true);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(upstream);
    upstream.pipe(client);
    client.on("data", (request) => {
      if (loseReplyTo === undefined || !request.includes(loseReplyTo)) return;
      loseReplyTo = undefined;
      upstream.unpipe(client);
      upstream.once("data", () => client.destroy()).resume();
    });
  };
  const server: Server = options.tls ? createTlsServer(options.tls, accept) : createServer(accept);
  if (options.path === undefined) server.listen(0, HOST);
  else server.listen(options.path);
  await once(server, "listening");
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    drop,
    port: options.path === undefined ? (server.address() as AddressInfo).port : 0,
    connections: () => connections,
    stop: async () => {
      drop();
      server.close();
      await once(server, "close");
    },
  };
}
