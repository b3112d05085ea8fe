import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** What Express adds to a request. */
interface RoutedRequest extends IncomingMessage {
  readonly baseUrl?: string;
  readonly originalUrl?: string;
  readonly route?: { readonly path?: unknown };
}

/** An HTTP request, as far as it is shown. */
export interface ServedRequest {
  readonly method: string;
  readonly path: string;
  readonly route: string;
  readonly status: number | null;
}

/** As much of a path as of a key: whoever asks chooses its length. */
const LONGEST_PATH = 512;

/** To be read when the response has closed: before that, the route and the status are not known. */
export function describeServed(req: IncomingMessage, res: ServerResponse): ServedRequest {
  const { method = "GET", url = "/", baseUrl = "", originalUrl = url, route }: RoutedRequest = req;
  const path = pathOf(originalUrl);
  const pattern = route?.path;
  return {
    method,
    path: cut(path),
    // What a router is mounted at comes from the address as well, where that has parameters.
    route: cut(typeof pattern === "string" || pattern instanceof RegExp ? `${baseUrl}${String(pattern)}` : path),
    status: res.headersSent ? res.statusCode : null,
  };
}

function cut(path: string): string {
  const isLong = path.length > LONGEST_PATH;
  // By its bytes: a slice of a string would hold on to the whole of it, with a query of any length.
  return `${Buffer.from(isLong ? path.slice(0, LONGEST_PATH - 1) : path)}${isLong ? "…" : ""}`;
}

/** The path of an address: the query may hold what is nobody's business. */
export const pathOf = (url: string): string => url.replace(/[?#].*$/s, "");

/** Tells this process's requests from those of the one before it. */
const RUN = randomBytes(3).toString("hex");
let made = 0;

/** A new id; safe in an address. */
export function nextRequestId(): string {
  made += 1;
  return `${RUN}-${made}`;
}
