import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { ResolvedInspectorOptions } from "../options.ts";
import { askedHost, isFromAnotherOrigin, isNavigation } from "./origin.ts";
import { isPassedOn } from "./proxy-signs.ts";

type Rules = Pick<ResolvedInspectorOptions, "authorize" | "allowRemote" | "isProduction">;

const OTHER_ORIGIN = "A page of another origin asked for this. Open the inspector by its own address.";
const PASSED_ON =
  "This request came through a proxy, so that anybody may have sent it. Open the inspector by the application's own address on this machine. Or let others in by allowRemote: true, and say who by authorize.";
const OTHER_MACHINE =
  "This page answers this machine alone, asked for by a local name such as localhost. Others are let in by allowRemote: true; say who by authorize.";
const NOT_AUTHORIZED = "This page is not for you: its authorize option did not let you in.";

/**
 * Asks whether a request may see the page, or what it shows.
 *
 * @param isPage whether it asks for the page itself, which holds nothing: a link from elsewhere may lead to it
 * @returns why not, and what to do; `null` if it may
 */
export async function refusalOf(req: IncomingMessage, rules: Rules, isPage: boolean): Promise<string | null> {
  if (isFromAnotherOrigin(req) && !(isPage && isNavigation(req))) return OTHER_ORIGIN;
  if (!rules.isProduction && !rules.allowRemote) {
    if (isPassedOn(req.headers)) return PASSED_ON;
    if (!isFromThisMachine(req)) return OTHER_MACHINE;
  }
  return (await isAuthorized(req, rules.authorize)) ? null : NOT_AUTHORIZED;
}

async function isAuthorized(req: IncomingMessage, authorize: Rules["authorize"]): Promise<boolean> {
  if (authorize === undefined) return true;
  try {
    return (await authorize(req)) === true;
  } catch {
    return false;
  }
}

/**
 * Whether a request comes from this machine, by its address, and asks for it by name: a page of another origin whose name was made to point here (DNS
 * rebinding) sends its own.
 */
function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  return isLoopback(socket.remoteAddress ?? "") && isLocalName(askedHost(headers));
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
