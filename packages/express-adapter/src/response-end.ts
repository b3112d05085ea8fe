import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Is told once that a response has ended. `wasSent`: all of it was handed to the connection; `false` after a hang-up. */
export interface ResponseEnd {
  ended(wasSent: boolean): void;
}

/** A response, with those who wait for its end. */
type Watched = ServerResponse & { [ENDS]?: ResponseEnd[] | undefined };

const ENDS: unique symbol = Symbol("tickpipe.responseEnds");

/**
 * Tells `end` when a response has ended: at once if it has already.
 *
 * No closure is made for a response, since each request waits for its end.
 */
export function onResponseEnd(req: IncomingMessage, res: ServerResponse, end: ResponseEnd): void {
  // A browser that hung up while earlier middleware ran: "close" has been emitted already.
  if (res.destroyed || res.closed || streamOf(res)?.destroyed) {
    end.ended(wasSent(res));
    return;
  }
  const watched = res as Watched;
  if (watched[ENDS] !== undefined) {
    watched[ENDS].push(end);
    return;
  }
  watched[ENDS] = [end];
  res.on("close", tellEnds);
  // A pipelined request's response waits for its connection, and Node emits no "close" on one that waits.
  if (res.socket === null && req.socket !== null) followSocket(req.socket, res);
}

function tellEnds(this: Watched): void {
  const ends = this[ENDS];
  if (ends === undefined) return;
  this[ENDS] = undefined;
  const sent = wasSent(this);
  for (const end of ends) {
    try {
      end.ended(sent);
    } catch (error) {
      // What an application's listener throws is its own uncaught exception, and keeps no other scope open.
      process.nextTick(() => {
        throw error;
      });
    }
  }
}

/** Responses of HTTP/2 have no `writableFinished` of their own; their stream has. */
function wasSent(res: ServerResponse): boolean {
  const stream = streamOf(res);
  if (stream === undefined) return res.writableFinished;
  return stream.writableFinished && (stream.rstCode ?? 0) === 0;
}

/** The stream of a response of HTTP/2. */
interface ResponseStream {
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
  readonly rstCode?: number;
}

function streamOf(res: ServerResponse): ResponseStream | undefined {
  return (res as { readonly stream?: ResponseStream }).stream;
}

const waiting = new WeakMap<Socket, Set<ServerResponse>>();

/** One listener for all responses of a connection. */
function followSocket(socket: Socket, res: ServerResponse): void {
  let responses = waiting.get(socket);
  if (responses === undefined) {
    const all = new Set<ServerResponse>();
    responses = all;
    waiting.set(socket, all);
    socket.once("close", () => {
      for (const each of all) tellEnds.call(each);
    });
  }
  const all = responses;
  all.add(res);
  res.once("close", () => all.delete(res));
}
