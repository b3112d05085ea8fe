import type { ClientInternals, IoredisClient } from "../client.ts";
import { lastPending } from "../queues/queues.ts";
import { whenSettled } from "../queues/when-settled.ts";
import { type ConnectionState, type Credentials, databaseOf } from "./connection-state.ts";
import { LANE_OPTIONS, type Lane, LanePool, type LaneSource } from "./lane-pool.ts";

/** The way of one call, or transaction, to a dedicated connection. Made when it is called. */
export interface LaneRoute {
  /** Waits until that has been answered which was called before, and would be answered before on the client's own connection. */
  untilClear(): Promise<void>;
  /**
   * Takes a connection, or waits for one.
   *
   * @returns `null` if the client has ended
   */
  take(): Promise<Lane | null>;
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

/** Makes routes for a client, with a pool of its own. `override`: options in which the connections differ from the client. */
export type MakeLaneRoutes = (max: number, override?: object) => LaneRoutes;

/** What a dedicated connection has to be like to take a call in the place of the client's own. */
interface ServerLane {
  readonly database: number;
  readonly credentials: Credentials | null;
}

/** Routes to dedicated connections to the client's one server. */
export function serverRoutes(
  client: IoredisClient,
  internals: ClientInternals,
  state: ConnectionState,
): MakeLaneRoutes {
  return (max, override) => {
    const source: LaneSource<ServerLane> = {
      make: ({ database, credentials }) =>
        client.duplicate({ db: database, ...LANE_OPTIONS, ...override, ...credentials } as never),
      isLike: (lane, wanted) => lane.database === wanted.database && lane.credentials === wanted.credentials,
    };
    const pool = new LanePool(client, max, source as LaneSource<unknown>);
    const route = (): LaneRoute => {
      const wanted: ServerLane = { database: databaseOf(internals), credentials: state.credentials };
      return {
        untilClear: async () => {
          const before = lastPending(internals);
          if (before !== null) await new Promise<void>((resolve) => whenSettled(before, () => resolve()));
        },
        take: async () => (internals.status === "end" ? null : (pool.take(wanted) ?? pool.wait(wanted))),
        follow: (error) => Promise.reject(error),
        isTurnedAway: () => false,
        findAgain: async () => {},
      };
    };
    return { pool, ofCall: route, ofKeys: route };
  };
}
