import type { ClientInternals } from "../client.ts";

/** Commands whose timeout in seconds stands at this place among the arguments; of the others it is the last one. */
const TIMEOUT_AT: Readonly<Record<string, number>> = { blmpop: 0, bzmpop: 0, blmovem: 4 };

/** ioredis's own default of `blockingTimeoutGrace`, in milliseconds. */
const GRACE_MS = 100;

/** ioredis's options that bound a blocking call; not in all of its versions. */
interface BlockingOptions {
  readonly blockingTimeout?: unknown;
  readonly blockingTimeoutGrace?: unknown;
}

/**
 * After how many milliseconds ioredis answers a blocking call with null by itself, as its option `blockingTimeout` asks for; `null` for never.
 *
 * @param command in lower case
 * @param args of the command, flattened
 */
export function blockingDeadlineOf(
  internals: ClientInternals,
  command: string,
  args: readonly unknown[],
): number | null {
  // Of a Cluster, its nodes have it.
  const own = internals.options as (BlockingOptions & { readonly redisOptions?: BlockingOptions }) | undefined;
  const { blockingTimeout, blockingTimeoutGrace = GRACE_MS } = { ...own?.redisOptions, ...own };
  const knowsIt = internals.isCluster === true || typeof internals.getBlockingTimeoutInMs === "function";
  if (!knowsIt || typeof blockingTimeout !== "number" || blockingTimeout <= 0) return null;
  // As of a call that waits for the connection.
  if (internals.status !== "ready") return blockingTimeout;
  const asked = command.startsWith("xread") ? numberAfterBlock(args) : secondsOf(command, args) * 1000;
  if (Number.isNaN(asked)) return null;
  return asked > 0 ? asked + Number(blockingTimeoutGrace) : blockingTimeout;
}

function secondsOf(command: string, args: readonly unknown[]): number {
  return numberOf(args.at(TIMEOUT_AT[command] ?? -1));
}

function numberAfterBlock(args: readonly unknown[]): number {
  return numberOf(args[args.findIndex((argument) => textOf(argument).toLowerCase() === "block") + 1]);
}

const numberOf = (argument: unknown): number => (typeof argument === "number" ? argument : Number(textOf(argument)));

function textOf(argument: unknown): string {
  return argument instanceof Uint8Array ? Buffer.from(argument).toString("latin1") : String(argument);
}
