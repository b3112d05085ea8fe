import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { refusalOf } from "./access.ts";

const asked = (remoteAddress: string | undefined, headers: Record<string, string>, method = "GET"): IncomingMessage =>
  ({ socket: { remoteAddress }, headers, method }) as unknown as IncomingMessage;
const RULES = { isProduction: false, allowRemote: false, authorize: undefined };
const enters = async (req: IncomingMessage, rules = RULES, isPage = false): Promise<boolean> =>
  (await refusalOf(req, rules, isPage)) === null;
const local = (headers: Record<string, string>, method?: string) =>
  asked("127.0.0.1", { host: "localhost:3000", ...headers }, method);

describe("refusalOf", () => {
  it.each(["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])("lets this machine in by %s", async (address) => {
    expect(await enters(asked(address, { host: "localhost" }))).toBe(true);
  });

  it.each(["10.0.0.1", "::ffff:10.0.0.1", "127.0.0.1.evil.example", "2001:db8::1"])("keeps %s out", async (address) => {
    expect(await enters(asked(address, { host: "localhost" }))).toBe(false);
  });

  it("keeps out whose socket is gone already, and who does not say by what name it asks, as HTTP/1.0 need not", async () => {
    expect(await enters(asked(undefined, { host: "localhost" }))).toBe(false);
    expect(await enters(asked("127.0.0.1", {}))).toBe(false);
  });

  it("takes the name that HTTP/2 has apart from the headers", async () => {
    expect(await enters(asked("127.0.0.1", { ":authority": "localhost:3000" }))).toBe(true);
    expect(await enters(asked("127.0.0.1", { ":authority": "evil.example", host: "localhost" }))).toBe(false);
  });

  it.each([
    ...["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port"],
    ...["x-forwarded-server", "x-forwarded", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-host"],
    ...["x-envoy-external-address", "cf-connecting-ip", "cf-ray", "cdn-loop", "true-client-ip", "fastly-client-ip"],
    ...["fastly-ff", "x-amz-cf-id", "x-amzn-trace-id", "cloudfront-viewer-address", "x-azure-clientip", "x-azure-ref"],
    ...["x-arr-log-id", "fly-client-ip", "x-vercel-forwarded-for", "x-vercel-id", "x-nf-client-connection-ip"],
    ...[
      "akamai-origin-hop",
      "do-connecting-ip",
      "x-appengine-user-ip",
      "x-cloud-trace-context",
      "tailscale-user-login",
    ],
  ])("takes %s for the sign of a proxy, and says what to do", async (name) => {
    expect(await refusalOf(local({ [name]: "" }), RULES, true)).toMatch(
      /through a proxy.*allowRemote: true.*authorize/,
    );
    expect(await enters(local({ [name]: "" }), { ...RULES, allowRemote: true })).toBe(true);
  });

  it("takes what a browser sends by itself for no sign of a proxy", async () => {
    const browser = {
      ...{ accept: "*/*", "accept-language": "de", "accept-encoding": "gzip", "user-agent": "Mozilla", dnt: "1" },
      ...{
        "upgrade-insecure-requests": "1",
        "sec-fetch-site": "same-origin",
        "sec-ch-ua": '"Chromium"',
        cookie: "a=b",
      },
      ...{
        connection: "keep-alive",
        "cache-control": "no-cache",
        pragma: "no-cache",
        referer: "http://localhost:3000/",
      },
      ...{ "if-none-match": '"a"', "last-event-id": "1", priority: "u=1", "save-data": "on", te: "trailers" },
    };
    expect(await enters(local(browser))).toBe(true);
  });

  it.each(["cross-site", "same-site", "same-origin, cross-site", ""])(
    "keeps out who asks as %j, whatever the rules let in",
    async (site) => {
      const rules = { isProduction: true, allowRemote: true, authorize: () => true } as unknown as typeof RULES;
      expect(await enters(local({ "sec-fetch-site": site }), rules)).toBe(false);
    },
  );

  it.each(["same-origin", "none"])("lets in who asks as %s", async (site) => {
    expect(await enters(local({ "sec-fetch-site": site }))).toBe(true);
  });

  it.each([
    ...["https://evil.example", "null", "http://localhost:3001", "http://127.0.0.1:3000", "http://localhost"],
    ...["http://localhost:3000.evil.example", "file://", ""],
  ])("keeps out the origin %j", async (origin) => {
    expect(await enters(local({ origin }))).toBe(false);
    expect(await enters(local({ origin, "sec-fetch-site": "same-origin" }))).toBe(false);
  });

  it("lets in its own origin, by each way to write it", async () => {
    expect(await enters(local({ origin: "http://localhost:3000" }))).toBe(true);
    const others = { ...RULES, allowRemote: true };
    const named = (host: string, origin: string) => enters(asked("10.0.0.1", { host, origin }), others);
    expect(await named("App.example:443", "https://app.example")).toBe(true);
    expect(await named("[::1]:80", "http://[::1]")).toBe(true);
    expect(await named("", "http://app.example")).toBe(false);
  });

  it("lets a link from elsewhere lead to the page, which holds nothing, and to nothing else", async () => {
    const followed = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect(await enters(local(followed), RULES, true)).toBe(true);
    expect(await enters(local(followed), RULES, false)).toBe(false);
    expect(await enters(local({ ...followed, "sec-fetch-dest": "iframe" }), RULES, true)).toBe(false);
    expect(await enters(local({ ...followed, "sec-fetch-mode": "cors" }), RULES, true)).toBe(false);
    expect(await enters(local(followed, "POST"), RULES, true)).toBe(false);
  });
});
