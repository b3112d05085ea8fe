/* The subjects as results and reports name them. */

/** The one that the others are compared with. */
export const BASELINE = "ioredis";
export const OURS = "tickpipe";
export const AUTO_PIPELINING = "ioredis enableAutoPipelining";
export const PIPELINE = "hand-written pipeline()";
export const NODE_REDIS = "node-redis";
/** The app of the HTTP benchmark that calls no Redis. */
export const NO_REDIS = "limit: no Redis";

/** The app of the HTTP benchmark's scopes that goes without all that they cost. */
export const WITHOUT_SCOPES = "tickpipe, dedupe off";

/** Whether it is no alternative, but shows how far one could go. */
export function isLimit(name: string): boolean {
  return name.startsWith("limit: ");
}
