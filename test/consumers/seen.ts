import type { Kind } from "./matrix.ts";

/** What `exercise.cjs` has to see of an application of a kind, whatever it was installed with. */
export function seenBy(kind: Kind): object {
  const isOneFile = kind === "ts-bundler-all";
  return {
    calls: { calls: 16, failed: 1, last: "43", sameAsPlain: true, writes: 1 },
    errors: { code: "ERR_TICKPIPE_INVALID_CLIENT", isOwnClass: true, wrappedOnce: true },
    http: { status: 200, titles: ["Post 1", "Post 2", "Post 3"], writes: 2, hasServerTiming: true },
    inspector: {
      ...(isOneFile ? OUT_OF_PLACE : { page: 200, hasLinks: true, missingFiles: [] }),
      routes: ["/careless 200", "/posts 200"],
      finding: "await-in-loop",
      place: FILE[kind],
    },
    metrics: {
      // 3 for each request, and the one of the calls of all kinds.
      hgetall: 7,
      wrongtype: true,
      pending: true,
      exported: ["db.client.operation.duration", "tickpipe.batch.size"],
    },
    testing: {
      roundTrips: 2,
      limit: "AssertionError: Expected at most 1 round trip, got 2.",
      waterfall: "AssertionError: Expected no calls that wait for each other without need.",
      fine: "43",
    },
  };
}

/** What a program starts with, and where its code stands. */
export const FILE: Readonly<Record<Kind, string>> = {
  esm: "app.mjs",
  cjs: "app.cjs",
  "ts-nodenext": "app.js",
  "ts-nodenext-cjs": "app.js",
  "ts-commonjs": "app.js",
  "ts-bundler": "bundle.mjs",
  "ts-bundler-all": "bundle.cjs",
};

/** The files of the inspector's page do not go into a bundle, and it says so. */
const OUT_OF_PLACE = { page: 500, says: "Leave @tickpipe/inspector out of the bundle" };
