import type { ServerResponse } from "node:http";
import { clear, HEADERS } from "./responses.ts";

/** A response of server-sent events. */
export class OpenStream {
  readonly #res: ServerResponse;
  /** The server that is to be watched; `null` for one that listens by other means, such as a socket that was handed to it. */
  readonly #server: { readonly listening: boolean } | null;

  constructor(res: ServerResponse) {
    this.#res = res;
    const server = serverOf(res);
    this.#server = server?.listening === true ? server : null;
    clear(res);
    res.writeHead(200, {
      ...HEADERS,
      "Content-Type": "text/event-stream; charset=utf-8",
      // `compression()` and proxies would hold back what is too short to be compressed.
      "Cache-Control": "no-store, no-transform",
      "X-Accel-Buffering": "no",
      // Else a closing server waits until the connection has been idle for some seconds. HTTP/2 has no such header.
      ...(res.req.httpVersionMajor === 1 ? { Connection: "close" } : {}),
    });
  }

  onClose(listener: () => void): void {
    this.#res.once("close", listener);
  }

  /** Whether the page is slow to read: what it has not read is held by the server. */
  get isFull(): boolean {
    return this.#res.writableNeedDrain;
  }

  /** Whether the server takes no more requests, and waits for those that are open. */
  get isServerClosing(): boolean {
    return this.#server?.listening === false;
  }

  write(text: string): void {
    this.#res.write(text);
    // Of `compression()`, where it compresses all the same.
    (this.#res as { flush?: () => void }).flush?.();
  }

  /** Ends it; what a slow page has not read is given up. */
  end(): void {
    if (this.isFull) this.#res.destroy();
    else this.#res.end();
  }
}

/** Node keeps it at each connection of a server, of HTTP, HTTPS and HTTP/2 alike. */
function serverOf({ req }: ServerResponse): { readonly listening: boolean } | null {
  return (req.socket as { server?: { readonly listening: boolean } } | null)?.server ?? null;
}
