import type { ServerResponse } from "node:http";

/** No script, style or connection but to this origin; nothing inline; no frame around it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** What all of the page's responses carry. */
export const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": POLICY,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
};

/** The permalink's header: not on the page's own responses. */
export const PERMALINK_HEADER = "X-Tickpipe-Inspect";

/** By these the application may have let pages of other origins read its responses, before the inspector was asked. */
const READABLE_BY_OTHERS = [
  "Access-Control-Allow-Origin",
  "Access-Control-Allow-Credentials",
  "Access-Control-Expose-Headers",
];

/** Takes from a response what the application has put on it, and what the page's own responses do not carry. */
export function clear(res: ServerResponse): void {
  for (const name of [PERMALINK_HEADER, ...READABLE_BY_OTHERS]) res.removeHeader(name);
}

export function respond(
  res: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  clear(res);
  // Of a 304 it would be that of what is not sent.
  const length = status === 304 ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  res.writeHead(status, { ...HEADERS, ...length, ...headers });
  // Not left to Node: with the server's option rejectNonStandardBodyWrites it throws at a body that is not to be sent.
  res.end(res.req.method === "HEAD" ? undefined : body);
}

export const respondText = (res: ServerResponse, status: number, text: string): void =>
  respond(res, status, `${text}\n`, { "Content-Type": "text/plain; charset=utf-8" });

export const respondJson = (
  res: ServerResponse,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void => respond(res, 200, JSON.stringify(value), { "Content-Type": "application/json; charset=utf-8", ...headers });
