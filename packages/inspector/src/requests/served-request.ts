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

/** To be read when the response has closed: before that, the route and the status are not known. */
export function describeServed(req: IncomingMessage, res: ServerResponse): ServedRequest {
  const { method = "GET", url = "/", baseUrl = "", originalUrl = url, route }: RoutedRequest = req;
  const path = pathOf(originalUrl);
  const pattern = route?.path;
  return {
    method,
    path,
    route: typeof pattern === "string" || pattern instanceof RegExp ? `${baseUrl}${String(pattern)}` : path,
    status: res.headersSent ? res.statusCode : null,
  };
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
