import { isDeepStrictEqual } from "node:util";
import type { Caller } from "../call/caller.ts";
import type { ClientInternals, IoredisClient } from "../client.ts";
import { lastPending } from "../queues/queues.ts";
import { whenSettled } from "../queues/when-settled.ts";
import type { StateOfCall } from "./called-state.ts";
import type { ConnectionState } from "./connection-state.ts";
import { LANE_NAME, LANE_OPTIONS, type Lane, LanePool, type LaneSource } from "./lane-pool.ts";

/** The way of one call, or transaction, to a dedicated connection. Made when it is called. */
export interface LaneRoute {
  /** Waits until that has been answered which was called before, and would be answered before on the client's own connection. */
  untilClear(): Promise<void>;
  /**
   * Takes a connection, or waits for one.
   *
   * @param caller who waits, and sees to its own time limit; without one ioredis's own `commandTimeout` counts
   * @returns `null` if the client has ended
   */
  take(caller?: Caller | null): Promise<Lane | null>;
  /**
   * After an error of the call: turns to where the call is to be made again.
   *
   * @throws the error that is the call's outcome, if it is not to be made again
   */
  follow(error: unknown): Promise<void>;
  /** Whether a node has said that it does not have the keys, or not now. @throws {TickpipeError} `ERR_TICKPIPE_CROSS_SLOT` if it is about other keys */
  isTurnedAway(error: unknown): boolean;
  /** After a try that came to nothing: finds where the keys are by now. */
  findAgain(): Promise<void>;
}

/** Makes the routes of a client, and keeps the connections that they lead to. */
export interface LaneRoutes {
  readonly pool: LanePool;
  /** The route of a call; `null` for a call that is the client's own to make. */
  ofCall(command: string, args: readonly unknown[]): LaneRoute | null;
  /**
   * The route of a transaction that watches these keys.
   *
   * @throws {TickpipeError} `ERR_TICKPIPE_CROSS_SLOT` if no one node has them all
   */
  ofKeys(keys: readonly (string | Uint8Array)[]): LaneRoute;
}

/** Makes routes for a client, with a pool of its own. */
export type MakeLaneRoutes = (max: number, override: LaneOverride) => LaneRoutes;

/** Options in which dedicated connections differ from the client. */
export type LaneOverride = { readonly retryStrategy?: null; readonly [option: string]: unknown };

/** Routes to dedicated connections to the client's one server. */
export function serverRoutes(
  client: IoredisClient,
  internals: ClientInternals,
  state: ConnectionState,
): MakeLaneRoutes {
  return (max, override) => {
    const source: LaneSource<StateOfCall> = {
      make: ({ database, credentials, name }) =>
        client.duplicate({
          ...{ db: database, ...LANE_OPTIONS, ...override, ...credentials },
          connectionName: LANE_NAME + (name ?? internals.options?.connectionName ?? ""),
        } as never),
      isLike: isDeepStrictEqual,
      generation: () => internals.connectionEpoch ?? internals.stream,
    };
    const pool = new LanePool(client, max, source as LaneSource<unknown>, override.retryStrategy !== null);
    const route = (): LaneRoute => {
      const stateOfCall = state.ofCall();
      return {
        untilClear: async () => {
          const before = lastPending(internals);
          if (before !== null) await new Promise<void>((resolve) => whenSettled(before, () => resolve()));
        },
        take: async (caller) => {
          if (internals.status === "end") return null;
          const wanted = stateOfCall();
          return pool.take(wanted) ?? pool.wait(wanted, caller);
        },
        follow: (error) => Promise.reject(error),
        isTurnedAway: () => false,
        findAgain: async () => {},
      };
    };
    return { pool, ofCall: route, ofKeys: route };
  };
}
