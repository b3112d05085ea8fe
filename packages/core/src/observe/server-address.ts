import type { ClientInternals } from "../client.ts";

/** Where a client's server is, as its options say, and never how to log in. */
export interface ServerAddress {
  /** A host's name or address, or the path of a socket; `undefined` where Sentinels tell it. */
  readonly address: string | undefined;
  /** `undefined` for a socket's path. */
  readonly port: number | undefined;
}

/** The server's address in a client's options. */
export function serverAddressOf({ options }: ClientInternals): ServerAddress {
  const { host, port, path, sentinels } = (options ?? {}) as {
    readonly [option in "host" | "port" | "path" | "sentinels"]?: unknown;
  };
  if (Array.isArray(sentinels)) return { address: undefined, port: undefined };
  if (typeof path === "string") return { address: path, port: undefined };
  return {
    address: typeof host === "string" ? host : undefined,
    port: Number.isInteger(Number(port)) ? Number(port) : undefined,
  };
}
