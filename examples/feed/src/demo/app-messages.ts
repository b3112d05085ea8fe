import type { ServedRequests } from "@tickpipe/test-support";
import type { RedisAddress } from "./redis-source.ts";

/** What the demo tells an app's process first. */
export interface AppSettings {
  readonly address: RedisAddress;
  readonly keyPrefix: string;
  readonly wrapped: boolean;
  /** Whether the app serves the inspector's page. Only a wrapped one can. */
  readonly inspected: boolean;
  /** 0 for any free one. */
  readonly port: number;
}

/** What the demo asks for afterwards. */
export type AppCommand = "start measuring" | "stop measuring";

/** What an app's process answers, once when it listens and then at each "stop measuring". */
export interface AppReport extends ServedRequests {
  readonly port: number;
  /** Writes to the Redis socket since "start measuring". */
  readonly writes: number;
}
