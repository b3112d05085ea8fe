import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { HOST } from "@tickpipe/test-support";

/** What a server was asked, in its own words and order, told by its MONITOR command on a connection of its own. */
export class Monitor {
  readonly #socket: Socket;
  #lines: string[] = [];
  #rest = "";
  #heard: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#read(text));
  }

  static async start(port: number): Promise<Monitor> {
    const socket = connect(port, HOST);
    await once(socket, "connect");
    const monitor = new Monitor(socket);
    socket.write("MONITOR\r\n");
    await monitor.#until((lines) => lines.includes("OK"));
    return monitor;
  }

  /** All commands after `ECHO <begin>` and before `ECHO <end>`, once the server has told of the latter. */
  async between(begin: string, end: string): Promise<string[]> {
    const positionOf = (marker: string): number => this.#lines.findIndex((line) => line.endsWith(`"${marker}"`));
    await this.#until(() => positionOf(end) !== -1);
    const told = this.#lines.slice(positionOf(begin) + 1, positionOf(end));
    this.#lines = [];
    return told;
  }

  stop(): void {
    this.#socket.destroy();
  }

  async #until(condition: (lines: readonly string[]) => boolean): Promise<void> {
    while (!condition(this.#lines)) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\r\n");
    this.#rest = lines.pop() ?? "";
    this.#lines.push(...lines.map(withoutTimeAndAddress));
    this.#heard();
  }
}

// `+1700000000.123456 [0 127.0.0.1:50000] "GET" "key"`; what a script calls has `lua` for an address.
function withoutTimeAndAddress(line: string): string {
  return line.replace(/^\+(?:\d+\.\d+ \[(\d+) (lua|\S+)\] )?/, (_whole, database, address) => {
    if (database === undefined) return "";
    return `[${database}${address === "lua" ? " lua" : ""}] `;
  });
}
