import type { ServerResponse } from "node:http";
import type { Pace } from "../requests/pace.ts";
import type { LoggedRequest, RequestLog } from "../requests/request-log.ts";
import type { RequestViews } from "../requests/request-views.ts";
import type { RequestsMessage } from "../view-model.ts";
import { OpenStream } from "./open-stream.ts";
import { respondText } from "./responses.ts";

// Taken when the module loads, so that a test suite with fake timers does not stop the page.
const { setInterval, clearInterval } = globalThis;

const EVERY_MS = 250;
/** More requests than that between two messages are counted, and not looked at: findings cost time, which belongs to the application. */
const MOST_IN_A_MESSAGE = 40;
const MOST_STREAMS = 16;
/** Proxies and browsers give up a stream on which nothing comes. */
const HEARTBEAT_MS = 15_000;

/** What an open page knows: requests up to a sequence number, and how many had come too fast by then. */
interface Told {
  readonly sequence: number;
  readonly refused: number;
}

/** Tells open pages of new requests, by server-sent events. While no page is open it does nothing. */
export class EventStream {
  readonly #log: RequestLog;
  readonly #pace: Pick<Pace, "refused">;
  readonly #views: Pick<RequestViews, "summariesOf">;
  /** The open streams, each with what it has been told. */
  readonly #streams = new Map<OpenStream, Told>();
  /** Those that a message is being made for. */
  readonly #busy = new Set<OpenStream>();
  #timer: NodeJS.Timeout | undefined;
  #quietMs = 0;
  #isClosed = false;

  constructor(log: RequestLog, pace: Pick<Pace, "refused">, views: Pick<RequestViews, "summariesOf">) {
    this.#log = log;
    this.#pace = pace;
    this.#views = views;
  }

  /** Answers with a stream: first what is there, the newest first and a portion at a time, then what comes. */
  async open(res: ServerResponse): Promise<void> {
    if (this.#isClosed) {
      respondText(res, 503, "The inspector is closed.");
      return;
    }
    if (this.#streams.size >= MOST_STREAMS) {
      respondText(res, 503, `There are ${MOST_STREAMS} open pages already. Close one.`);
      return;
    }
    const stream = new OpenStream(res);
    if (res.req.method === "HEAD") {
      stream.end();
      return;
    }
    stream.write("retry: 2000\n\n");
    this.#streams.set(stream, this.#now());
    stream.onClose(() => this.#drop(stream));
    this.#timer ??= setInterval(this.#tellAll, EVERY_MS).unref();
    const all = this.#log.newest(0, Number.POSITIVE_INFINITY);
    for (let from = 0; from === 0 || from < all.length; from += MOST_IN_A_MESSAGE) {
      await this.#send(stream, from === 0 ? "all" : "older", all.slice(from, from + MOST_IN_A_MESSAGE), 0);
      if (!this.#streams.has(stream)) return;
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const stream of [...this.#streams.keys()]) this.#end(stream);
  }

  #end(stream: OpenStream): void {
    // First, since a message may be on its way: written after the end, it would be an error that nobody listens for.
    this.#drop(stream);
    stream.end();
  }

  #drop(stream: OpenStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #tellAll = (): void => {
    this.#quietMs += EVERY_MS;
    const isQuiet = this.#quietMs >= HEARTBEAT_MS;
    if (isQuiet) this.#quietMs = 0;
    for (const [stream, told] of this.#streams) {
      // Node tells of a server's closing only once all its connections are closed: an open page must not be what it waits for.
      if (stream.isServerClosing) this.#end(stream);
      if (stream.isFull || this.#busy.has(stream) || !this.#streams.has(stream)) continue;
      if (isQuiet) stream.write(": still here\n\n");
      this.#tell(stream, told);
    }
  };

  #now(): Told {
    return { sequence: this.#log.sequence, refused: this.#pace.refused };
  }

  #tell(stream: OpenStream, told: Told): void {
    const now = this.#now();
    if (now.sequence === told.sequence && now.refused === told.refused) return;
    const fresh = this.#log.newest(told.sequence, MOST_IN_A_MESSAGE);
    this.#streams.set(stream, now);
    const unseen = now.sequence - told.sequence - fresh.length + now.refused - told.refused;
    // Without the message the page is shown less than there was, and a failure has nobody to go to.
    this.#send(stream, "more", fresh, unseen).catch(() => this.#end(stream));
  }

  async #send(stream: OpenStream, event: string, requests: readonly LoggedRequest[], skipped: number): Promise<void> {
    this.#busy.add(stream);
    try {
      const message: RequestsMessage = { requests: await this.#views.summariesOf(requests), skipped };
      if (this.#streams.has(stream)) stream.write(`event: ${event}\ndata: ${JSON.stringify(message)}\n\n`);
    } finally {
      this.#busy.delete(stream);
    }
  }
}
