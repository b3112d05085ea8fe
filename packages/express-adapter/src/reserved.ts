import { IncomingMessage } from "node:http";
import { Socket } from "node:net";

/**
 * What Express 4 and 5 put on a request beside what Node's own has: the members of `express.request`, and what the
 * application, the router and the official body and cookie parsers set on each request.
 */
const EXPRESS_REQUEST = [
  ...["app", "res", "next", "route", "params", "baseUrl", "originalUrl", "query", "body", "files", "length"],
  ...["cookies", "signedCookies", "secret", "session", "sessionID"],
  ...["get", "header", "accepts", "acceptsEncoding", "acceptsEncodings", "acceptsCharset", "acceptsCharsets"],
  ...["acceptsLanguage", "acceptsLanguages", "range", "param", "is", "protocol", "secure", "ip", "ips", "subdomains"],
  ...["path", "hostname", "host", "fresh", "stale", "xhr", "_parsedUrl", "_parsedOriginalUrl", "_body"],
];

const nodeRequest = new IncomingMessage(new Socket());

/** Whether a property of a request has a meaning to Node or to Express already. */
export function isReservedProperty(property: string): boolean {
  return property in nodeRequest || EXPRESS_REQUEST.includes(property);
}
