import type { IncomingHttpHeaders } from "node:http";

/** Headers that a proxy, a load balancer or a CDN adds to a request, and a browser does not. */
const NAMES: ReadonlySet<string> = new Set([
  ...["forwarded", "via", "x-real-ip", "x-client-ip", "x-remote-ip", "x-remote-addr", "x-cluster-client-ip"],
  ...["client-ip", "remote-addr", "proxy-client-ip", "wl-proxy-client-ip", "x-proxyuser-ip", "x-originating-ip"],
  ...["x-original-host", "x-original-url", "x-original-uri", "x-original-forwarded-for", "x-scheme"],
  ...["x-request-start", "x-cloud-trace-context", "x-amzn-trace-id", "x-varnish", "surrogate-capability"],
  // CDNs: their address of the client, and the mark by which they notice that they call themselves (RFC 8586).
  ...["cdn-loop", "true-client-ip", "do-connecting-ip", "incap-client-ip", "ali-cdn-real-ip", "x-sucuri-clientip"],
]);

/** How such headers begin: nginx and most others, Envoy, then CDNs and hosts by name. */
const PREFIXES: readonly string[] = [
  ...["x-forwarded", "x-proxy-", "x-envoy-", "x-appengine-", "x-arr-", "x-azure-", "x-amz-cf-", "cloudfront-"],
  ...["cf-", "fastly-", "akamai-", "x-akamai-", "fly-", "x-vercel-", "x-nf-", "x-railway-", "tailscale-"],
];

/** Whether a request shows that something passed it on. Nothing can tell of a proxy that adds no header. */
export function isPassedOn(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix)));
}
