import { expect, it } from "vitest";
import type { ClientInternals } from "../client.ts";
import { serverAddressOf } from "./server-address.ts";

it.each<[string, object | undefined, object]>([
  ["a host", { host: "redis.internal", port: 6380, password: "secret" }, { address: "redis.internal", port: 6380 }],
  ["a port in digits", { host: "h", port: "6380" }, { address: "h", port: 6380 }],
  ["a socket", { path: "/tmp/redis.sock", host: "localhost", port: 6379 }, { address: "/tmp/redis.sock" }],
  ["Sentinels", { sentinels: [{ host: "s" }], host: "localhost", port: 6379 }, {}],
  ["no options", undefined, {}],
])("tells %s as it stands in a client's options", (_what, options, expected) => {
  const { address, port } = serverAddressOf({ options } as unknown as ClientInternals);
  expect({ ...(address === undefined ? {} : { address }), ...(port === undefined ? {} : { port }) }).toEqual(expected);
});
