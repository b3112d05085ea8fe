import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Gate } from "./gate.ts";
import { HOST } from "./running-server.ts";

/**
 * What can be done to a connection.
 *
 * - `cut`: closed in order, both ways
 * - `reset`: an RST to the client
 * - `half-open`: a FIN to the client, whose own bytes are taken on and lead nowhere
 * - `stall`: no byte passes either way
 * - `delay`: requests pass, replies do not
 * - `none`: whatever was held passes, and all that follows
 */
export type Fault = "cut" | "reset" | "half-open" | "stall" | "delay" | "none";

/**
 * A fault in a defined place of one exchange: the same for each client, whatever the sizes of its writes and of the
 * server's. Both ends of the exchange are known by texts in it, the last of which the server must send back, as ECHO does.
 */
export interface FaultScript {
  /** The exchange begins with the request that contains this text, on whatever connection it comes. */
  readonly from: string;
  /** It ends with the request, and with the reply, that contain this text. Until then all of it is held. */
  readonly to: string;
  /** `hold`: the server never sees the requests, unless they are let go later. Default `pass`. */
  readonly requests?: "pass" | "hold";
  /** So many bytes of the replies reach the client before the fault. Default 0. */
  readonly replyBytes?: number;
  readonly fault: Fault;
}

/** A TCP proxy in this process, in front of a server, that does to its connections what it is told. */
export interface FaultProxy {
  readonly port: number;
  /** How many connections it has accepted. */
  connections(): number;
  /**
   * Plays a script once, on the next exchange that matches.
   *
   * @returns settles when the fault has struck, with all replies of the exchange; if the server closed the connection
   *   before the end of the exchange, with those that came
   */
  inject(script: FaultScript): Promise<Buffer>;
  /** Does this at once to all connections that are open. */
  strike(fault: Fault): void;
  stop(): Promise<void>;
}

interface Injected {
  readonly script: FaultScript;
  struck(replies: Buffer): void;
}

/**
 * Starts a fault proxy to a port of this machine.
 *
 * @param at the port to listen on, where clients are trying to connect already; by default a free one
 */
export async function startFaultProxy(targetPort: number, at = 0): Promise<FaultProxy> {
  const injected: Injected[] = [];
  const open = new Set<Connection>();
  let connections = 0;
  // Half-open, so that a client's FIN passes on like its bytes, and the server's last replies reach it.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    connections += 1;
    const connection = new Connection(client, connect(targetPort, HOST), injected);
    open.add(connection);
    client.once("close", () => open.delete(connection));
  });
  server.listen(at, HOST);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    inject: (script) => new Promise((struck) => injected.push({ script, struck })),
    strike: (fault) => {
      for (const connection of open) connection.suffer(fault);
    },
    stop: async () => {
      for (const connection of open) connection.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

class Connection {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #requests: Gate;
  readonly #replies: Gate;
  readonly #injected: Injected[];
  #playing: Injected | undefined;
  #gathers: "requests" | "replies" | "nothing" = "nothing";

  constructor(client: Socket, upstream: Socket, injected: Injected[]) {
    this.#client = client.setNoDelay(true);
    this.#upstream = upstream.setNoDelay(true);
    this.#requests = new Gate(upstream);
    this.#replies = new Gate(client);
    this.#injected = injected;
    client.on("data", (data) => this.#onRequests(data));
    client.on("end", () => this.#requests.end());
    client.on("error", () => {});
    client.on("close", () => upstream.destroy());
    upstream.on("data", (data) => this.#onReplies(data));
    upstream.on("error", () => {});
    upstream.on("close", () => this.#onServerGone());
  }

  suffer(fault: Fault): void {
    const passesRequests = fault === "none" || fault === "delay";
    if (passesRequests) this.#requests.open();
    else this.#requests.close();
    if (fault === "none") this.#replies.open();
    else this.#replies.close();
    if (passesRequests || fault === "stall") return;
    this.#upstream.destroy();
    if (fault === "reset") this.#client.resetAndDestroy();
    // end() sends what was written before the connection closes; destroy() could drop it.
    else this.#client.end(() => fault === "cut" && this.#client.destroy());
  }

  destroy(): void {
    this.#client.destroy();
  }

  #onRequests(data: Buffer): void {
    this.#playing ??= this.#scriptFor(data);
    this.#requests.push(data);
    if (this.#gathers !== "requests" || !this.#requests.holds(this.#playing?.script.to ?? "")) return;
    this.#gathers = "replies";
    if (this.#playing?.script.requests === "hold") this.#strike();
    else this.#requests.open();
  }

  #scriptFor(data: Buffer): Injected | undefined {
    const index = this.#injected.findIndex(({ script }) => data.includes(script.from));
    if (index < 0) return undefined;
    this.#gathers = "requests";
    this.#requests.close();
    this.#replies.close();
    return this.#injected.splice(index, 1)[0];
  }

  #onReplies(data: Buffer): void {
    this.#replies.push(data);
    if (this.#gathers === "replies" && this.#replies.holds(this.#playing?.script.to ?? "")) this.#strike();
  }

  #onServerGone(): void {
    if (this.#gathers === "replies") this.#strike();
    this.#replies.end();
  }

  #strike(): void {
    const { script, struck } = this.#playing ?? {};
    this.#playing = undefined;
    this.#gathers = "nothing";
    if (!script) return;
    const replies = this.#replies.held;
    this.#replies.pass(script.replyBytes ?? 0);
    this.suffer(script.fault);
    struck?.(replies);
  }
}
