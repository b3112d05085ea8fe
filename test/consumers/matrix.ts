/** How an application is written, compiled and started. */
export const KINDS = {
  esm: "JavaScript, ES modules",
  cjs: "JavaScript, require()",
  "ts-nodenext": "TypeScript, nodenext",
  "ts-nodenext-cjs": "TypeScript, nodenext, compiled to require()",
  "ts-commonjs": "TypeScript, module commonjs",
  "ts-bundler": "TypeScript, bundler, esbuild with the packages left out",
  "ts-bundler-all": "TypeScript, bundler, esbuild into one file",
} as const;

export type Kind = keyof typeof KINDS;

/** The optional peers, with a version of the SDK that goes with the API. */
export const EXTRAS = {
  oldest: { "prom-client": "15.0.0", "@opentelemetry/api": "1.7.0", "@opentelemetry/sdk-metrics": "1.30.1" },
  newest: { "prom-client": "15.1.3", "@opentelemetry/api": "1.9.1", "@opentelemetry/sdk-metrics": "2.12.1" },
} as const;

/** Node's majors, with the version of each that is tried; `"running"` is the one that runs the tests. */
export const NODES = {
  "20.19.0": "the oldest that is supported",
  running: "the one that runs the tests",
  "22.23.3": "the newest 22",
  "24.21.0": "the newest 24",
  "26.10.0": "the newest 26",
} as const;

export type Node = keyof typeof NODES;

export interface Row {
  readonly kind: Kind;
  readonly client: `${"ioredis" | "iovalkey"}@${string}`;
  readonly express: string;
  readonly node: Node;
  readonly extras: keyof typeof EXTRAS;
  /** Only for TypeScript. */
  readonly typescript?: string;
}

const row = (kind: Kind, client: Row["client"], express: string, node: Node, typescript?: string): Row => ({
  ...{ kind, client, express, node, extras: "newest" },
  ...(typescript === undefined ? {} : { typescript }),
});

/** What is tried. Not every combination: each value at least twice with different others, where it is not the end of a range. */
export const MATRIX: readonly Row[] = [
  { ...row("esm", "ioredis@5.4.0", "4.18.0", "20.19.0"), extras: "oldest" },
  row("esm", "ioredis@5.11.1", "5.3.0", "22.23.3"),
  row("esm", "ioredis@6.0.0", "5.3.0", "26.10.0"),
  row("esm", "iovalkey@0.4.0", "4.22.3", "24.21.0"),
  row("cjs", "ioredis@6.0.0", "4.22.3", "20.19.0"),
  row("cjs", "ioredis@5.4.0", "5.3.0", "24.21.0"),
  row("cjs", "ioredis@5.11.1", "4.18.0", "running"),
  row("cjs", "iovalkey@0.2.1", "5.3.0", "22.23.3"),
  { ...row("ts-nodenext", "ioredis@5.4.0", "4.18.0", "running", "5.6.3"), extras: "oldest" },
  row("ts-nodenext", "ioredis@6.0.0", "5.3.0", "24.21.0", "7.0.2"),
  row("ts-nodenext", "iovalkey@0.4.0", "5.3.0", "20.19.0", "5.9.3"),
  row("ts-nodenext", "ioredis@5.11.1", "4.22.3", "26.10.0", "6.0.3"),
  row("ts-nodenext-cjs", "ioredis@6.0.0", "4.22.3", "22.23.3", "5.9.3"),
  row("ts-nodenext-cjs", "ioredis@5.11.1", "5.3.0", "20.19.0", "7.0.2"),
  row("ts-commonjs", "ioredis@5.11.1", "4.22.3", "22.23.3", "5.6.3"),
  row("ts-commonjs", "ioredis@6.0.0", "5.3.0", "running", "5.9.3"),
  row("ts-bundler", "ioredis@6.0.0", "4.22.3", "24.21.0", "5.6.3"),
  row("ts-bundler", "ioredis@5.4.0", "5.3.0", "22.23.3", "7.0.2"),
  row("ts-bundler-all", "ioredis@6.0.0", "5.3.0", "20.19.0", "5.9.3"),
  row("ts-bundler-all", "iovalkey@0.4.0", "4.22.3", "22.23.3", "7.0.2"),
];

export const nameOf = ({ kind, client, express, node, typescript, extras }: Row): string =>
  [
    ...[KINDS[kind], client, `express@${express}`, ...(typescript === undefined ? [] : [`typescript@${typescript}`])],
    ...(extras === "oldest" ? ["the oldest optional peers"] : []),
    `Node ${node === "running" ? process.versions.node : node}`,
  ].join(", ");
