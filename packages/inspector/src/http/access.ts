import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { ResolvedInspectorOptions } from "../options.ts";

type Rules = Pick<ResolvedInspectorOptions, "authorize" | "allowRemote" | "isProduction">;

/** Whether a request may see the page. */
export async function mayEnter(
  req: IncomingMessage,
  { authorize, allowRemote, isProduction }: Rules,
): Promise<boolean> {
  if (!isProduction && !allowRemote && !isFromThisMachine(req)) return false;
  if (authorize === undefined) return true;
  try {
    return (await authorize(req)) === true;
  } catch {
    return false;
  }
}

const FORWARDED = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/**
 * Whether a request comes from this machine, by its address, and asks for it by name: a page of another origin whose name was made to point here (DNS
 * rebinding) sends its own. What a proxy passed on comes from wherever the proxy's client is.
 */
function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false;
  return isLoopback(socket.remoteAddress ?? "") && isLocalName(headers.host ?? "");
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, "");
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

function isLocalName(host: string): boolean {
  const name = host
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || isLoopback(name);
}
