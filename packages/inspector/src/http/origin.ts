import type { IncomingMessage } from "node:http";

/** Browsers send it to local and to encrypted addresses: `none` is what somebody typed or has as a bookmark. */
const OWN_SITES: ReadonlySet<string> = new Set(["same-origin", "none"]);

/**
 * Whether a page of another origin asks, as browsers tell by `Sec-Fetch-Site` and `Origin`. The application may let any page read its responses, as
 * `cors()` does. Another port of this machine is another origin.
 */
export function isFromAnotherOrigin({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && !OWN_SITES.has(String(site))) return true;
  // Not sent with a page's own GET and HEAD.
  return headers.origin !== undefined && !isOriginOf(headers.origin, askedHost(headers));
}

/** Whether a link was followed to here. The page that has the link reads nothing of what opens, which no frame may hold. */
export function isNavigation({ headers, method }: IncomingMessage): boolean {
  return method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
}

/** The host that was asked for, with its port: HTTP/2 has it apart from the headers. */
export function askedHost(headers: IncomingMessage["headers"]): string {
  return String(headers[":authority"] ?? headers.host ?? "");
}

function isOriginOf(origin: string, host: string): boolean {
  try {
    const { protocol, host: own } = new URL(origin);
    // Read as an address too, since an origin leaves out the port that its scheme has by default.
    return host !== "" && new URL(`${protocol}//${host}`).host === own;
  } catch {
    // Such as "null", of a sandboxed frame or a file.
    return false;
  }
}
