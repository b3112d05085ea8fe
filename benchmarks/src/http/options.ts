import { parseArgs } from "node:util";

export const USAGE = `Usage: bench:http [--quick] [--scopes] [--calls LIST] [--only TEXT] [--rounds N] [--seconds N] [--json FILE]
       bench:http --url URL [--url URL] [--connections N] [--rate N] [--rounds N] [--seconds N] [--json FILE]
  --quick          20 calls a request only, fewer rounds: under a minute and a half
  --scopes         what perRequest costs, instead of the peers: without it, with its defaults, observed, and ambient; 20 calls a request
  --calls LIST     Redis calls in each request, 0,1,5,20,50 if not given
  --only TEXT      the subjects whose names contain the text, and the app without Redis
  --rounds N       rounds of load for each subject, 7 if not given, 3 with --quick, 5 with --url
  --seconds N      length of a round, 1 if not given, 2 with --url
  --json FILE      write all rounds to a file
  --url URL        load an app of your own with GET requests, to run before and after wrapping; given several times,
                   as for a wrapped app and one that is not, they take turns and are compared with the first
  --connections N  connections to it, 50 if not given
  --rate N         requests per second to it, evenly spaced; as many as are answered if not given`;

/** The connections of the benchmark's own load. */
export const CONNECTIONS = 50;

/** How long the first slice of each app is, which is not counted: as long as the others, a second at most. */
export function warmUpSeconds(seconds: number): number {
  return Math.min(1, seconds);
}

interface Slices {
  readonly rounds: number;
  /** Of one round. */
  readonly seconds: number;
  /** Where the raw rounds go. */
  readonly json: string | undefined;
}

/** The benchmark. */
export interface BenchOptions extends Slices {
  readonly urls: undefined;
  readonly calls: readonly number[];
  readonly only: string;
  /** What scopes cost, and not how the peers do. */
  readonly scopes: boolean;
}

/** The load of a user's own apps. */
export interface UrlOptions extends Slices {
  readonly urls: readonly string[];
  readonly connections: number;
  readonly ratePerSecond: number | null;
}

/**
 * What the command line asks for; `null` for its usage.
 *
 * @throws {Error} if it cannot be understood
 */
export function readOptions(args: readonly string[]): BenchOptions | UrlOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      scopes: { type: "boolean", default: false },
      calls: { type: "string" },
      only: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      json: { type: "string" },
      url: { type: "string", multiple: true },
      connections: { type: "string" },
      rate: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const { quick, scopes, url: urls, json } = values;
  const defaults = urls === undefined ? { rounds: quick ? 3 : 7, seconds: 1 } : { rounds: 5, seconds: 2 };
  const rounds = whole("--rounds", values.rounds ?? defaults.rounds, 1);
  const seconds = Number(values.seconds ?? defaults.seconds);
  if (!(seconds >= 0.1 && seconds <= 600)) throw new Error("Expected --seconds to be a number from 0.1 to 600.");
  const foreign = (
    urls === undefined ? ["connections", "rate"] : ["quick", "scopes", "calls", "only"]
  ) as (keyof typeof values)[];
  const misplaced = foreign.find((name) => values[name]);
  if (misplaced) throw new Error(`Expected --${misplaced} ${urls === undefined ? "with" : "without"} --url.`);
  if (urls === undefined) {
    const listed = (values.calls ?? (quick || scopes ? "20" : "0,1,5,20,50")).split(",");
    const calls = [...new Set(listed.map((each) => whole("--calls", each, 0)))];
    if (Math.max(...calls) > 1000) throw new Error("Expected --calls to be 1000 at most.");
    return { urls, calls, only: values.only ?? "", scopes, rounds, seconds, json };
  }
  if (!urls.every((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)))
    throw new Error("Expected --url to be an http or https URL.");
  const connections = whole("--connections", values.connections ?? CONNECTIONS, 1);
  const ratePerSecond = values.rate === undefined ? null : whole("--rate", values.rate, 1);
  return { urls, connections, ratePerSecond, rounds, seconds, json };
}

function whole(name: string, text: string | number, least: number): number {
  const number = text === "" ? Number.NaN : Number(text);
  if (!Number.isInteger(number) || number < least) throw new Error(`Expected ${name} to be whole, from ${least} on.`);
  return number;
}
