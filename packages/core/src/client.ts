import { describeKind, TickpipeError, TickpipeTypeError } from "./errors.ts";

/**
 * What Tickpipe asks of a client: the shape that ioredis 5, ioredis 6 and iovalkey share. It is told by
 * shape and never by `instanceof`, since an application may hold two copies of ioredis.
 */
export interface IoredisClient {
  /** Whether it is a Cluster, and no client of one server. */
  readonly isCluster: boolean;
  /** The state of its connection, as ioredis names it: `"ready"`, `"reconnecting"`, … */
  status: string;
  /** The options that it was created with, defaults included. */
  options: object;
  /** The names of the commands that it has methods for, in lower case. */
  getBuiltinCommands(): string[];
  /**
   * Sends a command, or queues it while there is no connection.
   *
   * @param args ioredis's own: the command first
   * @returns what the command comes to
   */
  sendCommand(...args: never[]): unknown;
  /**
   * Makes a pipeline.
   *
   * @param args ioredis's own
   * @returns a pipeline of ioredis's
   */
  pipeline(...args: never[]): unknown;
  /**
   * Makes another client with the same options.
   *
   * @param args ioredis's own: options that take the place of its own
   * @returns a client of the same class
   */
  duplicate(...args: never[]): unknown;
  /**
   * Listens to an event, as every `EventEmitter` lets one.
   *
   * @param event its name, as in `"ready"`
   * @param listener is called each time, with what comes with the event
   * @returns the client
   */
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** The part of a Node stream that corking needs; `net.Socket` and `tls.TLSSocket` have it. */
export interface CorkableStream {
  readonly writable: boolean;
  readonly writableLength: number;
  cork(): void;
  uncork(): void;
  write(chunk: unknown, encoding?: unknown, done?: unknown): boolean;
}

/** An ioredis command as a pipeline collects it. */
export interface QueuedCommand {
  readonly name?: string;
  readonly args: readonly unknown[];
}

/** An ioredis command as it waits in a client's queue. */
export interface PendingCommand extends QueuedCommand {
  readonly name: string;
  /** Whether it has been answered, or has failed. Not in ioredis 5. */
  readonly isSettled?: boolean;
  /** What its caller has, or a part of that. */
  readonly promise?: Promise<unknown>;
  resolve(reply: unknown): unknown;
  reject(error: unknown): unknown;
}

/** One of a client's queues, a `denque`. */
export interface CommandQueue {
  readonly length: number;
  /** `stream`: that of the pipeline that the command is of. */
  peekAt(index: number): { readonly command: PendingCommand; readonly stream?: unknown } | undefined;
  peekBack(): { readonly command: PendingCommand } | undefined;
  peekFront(): { readonly command: PendingCommand } | undefined;
  pop(): unknown;
  removeOne(index: number): unknown;
}

/** What ioredis keeps on an instance and its types mark private or leave out; read, and never assumed to be there. */
export interface ClientInternals {
  readonly status: string;
  readonly stream?: (CorkableStream & NodeJS.EventEmitter) | null;
  readonly options?: {
    readonly db?: number;
    readonly commandTimeout?: unknown;
    readonly enableOfflineQueue?: boolean;
    readonly keyPrefix?: unknown;
    readonly connectionName?: string;
    readonly maxRetriesPerRequest?: unknown;
    readonly redisOptions?: {
      readonly commandTimeout?: unknown;
      readonly connectionName?: string;
      readonly maxRetriesPerRequest?: unknown;
    };
    readonly showFriendlyErrorStack?: unknown;
    readonly host?: string;
    readonly port?: number;
  };
  connect?(): Promise<unknown>;
  disconnect?(reconnect?: boolean): void;
  ping?(): Promise<unknown>;
  asking?(): Promise<unknown>;
  defineCommand?(name: string, definition: object): void;
  addBuiltinCommand?(name: string): void;
  /** What the connection of the moment was told: its database, and whether it is subscribed. */
  readonly condition?: { readonly select?: number; readonly subscriber?: unknown } | null;
  readonly addedBuiltinSet?: ReadonlySet<string>;
  readonly scriptsSet?: object;
  readonly commandQueue?: CommandQueue;
  readonly offlineQueue?: CommandQueue;
  readonly prevCommandQueue?: CommandQueue | null;
  [property: PropertyKey]: unknown;
}

/**
 * The client with its internals in view. The one cast for it in this package: `stream`, `offlineQueue` and
 * the methods by name exist at run time in every supported version, while the types hide the first two and
 * cannot express the third.
 */
export function internalsOf(client: IoredisClient): ClientInternals {
  return client as unknown as ClientInternals;
}

/**
 * Refuses what `tickpipe()` cannot wrap, before anything is sent.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT` if it is not an ioredis client
 * @throws {TickpipeError} `ERR_TICKPIPE_AUTOPIPELINING`
 */
export function assertWrappable(client: unknown): asserts client is IoredisClient {
  if (!looksLikeIoredis(client)) {
    throw new TickpipeTypeError(
      "ERR_TICKPIPE_INVALID_CLIENT",
      `Expected an ioredis client, as in tickpipe(new Redis()), got ${describeKind(client)}.${hint(client)}`,
    );
  }
  assertNoAutoPipelining(client.options);
}

/**
 * Refuses `enableAutoPipelining`: it holds the calls back in a queue of its own, so that nothing would be left to
 * gather and its reordering would stay.
 *
 * @throws {TickpipeError} `ERR_TICKPIPE_AUTOPIPELINING`
 */
export function assertNoAutoPipelining(options: unknown): void {
  if (typeof options !== "object" || options === null) return;
  if (!("enableAutoPipelining" in options) || !options.enableAutoPipelining) return;
  throw new TickpipeError(
    "ERR_TICKPIPE_AUTOPIPELINING",
    "Expected an ioredis client without enableAutoPipelining: it queues calls until the end of the tick, which is what Tickpipe replaces. Create the client without that option.",
  );
}

const METHODS = ["getBuiltinCommands", "sendCommand", "pipeline", "duplicate", "on"] as const;
/** What Tickpipe asks of a Cluster besides; ioredis's types hide the last three. */
const CLUSTER_METHODS = ["nodes", "natMapper", "handleError", "refreshSlotsCache"] as const;

function looksLikeIoredis(value: unknown): value is IoredisClient {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as Partial<IoredisClient>;
  if (isOfIoredis4(candidate)) return false;
  return (
    typeof candidate.status === "string" &&
    typeof candidate.isCluster === "boolean" &&
    typeof candidate.options === "object" &&
    METHODS.every((name) => typeof candidate[name] === "function") &&
    (!candidate.isCluster ||
      CLUSTER_METHODS.every((name) => typeof internalsOf(candidate as IoredisClient)[name] === "function"))
  );
}

/** Both clients of ioredis 4 have it, and none of ioredis 5. Its Cluster is otherwise of the same shape. */
const isOfIoredis4 = (value: object): boolean => "clearAddedScriptHashesCleanInterval" in value;

function hint(value: unknown): string {
  if (typeof value === "string") return " Pass the client, not its URL: tickpipe(new Redis(url)).";
  if (typeof value === "function") return " Pass an instance, not the class: tickpipe(new Redis()).";
  if (typeof value !== "object" || value === null) return "";
  if (isOfIoredis4(value)) return " It is of ioredis 4: update to ioredis 5.4 or later.";
  if ("isPipeline" in value) return " Wrap the client before it makes the pipeline: tickpipe(redis).pipeline().";
  if ("sendCommand" in value) return " Clients of the redis (node-redis) package are not supported.";
  if (typeof (value as PromiseLike<unknown>).then === "function") return " Await the promise first.";
  return "";
}
