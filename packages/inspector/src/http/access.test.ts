import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { mayEnter } from "./access.ts";

const asked = (remoteAddress: string | undefined, headers: Record<string, string>): IncomingMessage =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;
const enters = (req: IncomingMessage): Promise<boolean> =>
  mayEnter(req, { isProduction: false, allowRemote: false, authorize: undefined });

describe("mayEnter", () => {
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
});
