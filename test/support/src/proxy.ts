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
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /** The path of a Unix socket to listen on, instead of a port. */
  path?: string;
  /** Speaks TLS to the client, with this key and certificate. */
  tls?: { readonly key: string; readonly cert: string };
  /** Cuts the connection that matches, once and in a defined place. */
  cut?: Cut;
}

/** Where a connection is cut: the same place for each client, whatever the sizes of its writes. */
export interface Cut {
  /** The cut is armed on the connection whose requests contain this text. */
  readonly whenRequested: string;
  /** From there on, requests are held until so many bytes have come, so that all of them reach the server. */
  readonly requestBytes: number;
  /** So many bytes of the replies to them reach the client before the connection is destroyed. */
  readonly replyBytes: number;
}

/** Starts a proxy to a port of this machine. */
export async function startProxy(targetPort: number, options: ProxyOptions = {}): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let { cut } = options;
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
    if (cut) {
      forwardAndCut(client, upstream, cut, () => {
        cut = undefined;
      });
    } else {
      client.pipe(upstream);
      upstream.pipe(client);
    }
  };
  const server: Server = options.tls ? createTlsServer(options.tls, accept) : createServer(accept);
  if (options.path === undefined) server.listen(0, HOST);
  else server.listen(options.path);
  await once(server, "listening");
  return {
    port: options.path === undefined ? (server.address() as AddressInfo).port : 0,
    connections: () => connections,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function forwardAndCut(client: Socket, upstream: Socket, cut: Cut, onCut: () => void): void {
  const held: Buffer[] = [];
  let heldBytes = 0;
  let armed = false;
  let repliesLeft = Number.POSITIVE_INFINITY;
  client.on("data", (data) => {
    armed ||= data.includes(cut.whenRequested);
    if (!armed || repliesLeft !== Number.POSITIVE_INFINITY) {
      upstream.write(data);
      return;
    }
    held.push(data);
    heldBytes += data.length;
    if (heldBytes < cut.requestBytes) return;
    repliesLeft = cut.replyBytes;
    upstream.write(Buffer.concat(held));
  });
  upstream.on("data", (data) => {
    if (data.length < repliesLeft) {
      repliesLeft -= data.length;
      client.write(data);
      return;
    }
    onCut();
    upstream.removeAllListeners("data");
    // end() sends what was written before the connection closes; destroy() could drop it.
    client.end(data.subarray(0, repliesLeft), () => client.destroy());
  });
}
