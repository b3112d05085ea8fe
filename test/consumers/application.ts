import { startRedisServer } from "@tickpipe/test-support";
import { expect, inject, it, onTestFinished } from "vitest";
import { copySupport, Folder } from "./folder.ts";
import { EXTRAS, type Kind, nameOf, type Row } from "./matrix.ts";
import { FILE, seenBy } from "./seen.ts";
import { checkAndEmit } from "./typescript.ts";

const tarballs = Object.values(inject("tarballs"));
const nodes = inject("nodes");

/** Installs an application, compiles it if it is to be, starts it, and compares what it sees. */
export function itRuns(row: Row): void {
  const node = nodes[row.node];
  // Where npm has no Node for the platform, only the running one is tried.
  it.skipIf(node === undefined)(nameOf(row), async () => {
    const folder = await installed(row);
    if (isTypeScript(row.kind)) await compile(folder, row.kind);
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const env = { REDIS_URL: `redis://${server.host}:${server.port}` };
    const { stdout, stderr } = await folder.runWell(node ?? "", [FILE[row.kind]], env);
    expect(stderr, "no warnings").toBe("");
    expect(JSON.parse(stdout)).toEqual(seenBy(row.kind));
  });
}

export const isTypeScript = (kind: Kind): boolean => kind.startsWith("ts-");

async function installed(row: Row): Promise<Folder> {
  const folder = await Folder.make(["ts-nodenext-cjs", "ts-commonjs"].includes(row.kind) ? "commonjs" : "module");
  const extras = Object.entries(EXTRAS[row.extras]).map(([name, version]) => `${name}@${version}`);
  await folder.install(...tarballs, row.client, `express@${row.express}`, ...extras, ...toolsOf(row));
  const [client = ""] = row.client.split("@");
  const own = isTypeScript(row.kind) ? ["app.ts", "types.ts"] : [FILE[row.kind]];
  for (const program of own) await folder.copy(program, { ioredis: client });
  for (const shared of ["exercise.cjs", "exercise.d.cts"]) await folder.copy(shared);
  await copySupport(folder);
  return folder;
}

function toolsOf({ typescript, express, node, kind }: Row): string[] {
  if (typescript === undefined) return [];
  const [major] = (node === "running" ? process.versions.node : node).split(".");
  const types = [`@types/node@${major}`, `@types/express@${express.startsWith("4.") ? "4.17.25" : "5.0.6"}`];
  return [`typescript@${typescript}`, ...types, ...(kind.startsWith("ts-bundler") ? ["esbuild@0.28.2"] : [])];
}

async function compile(folder: Folder, kind: Kind): Promise<void> {
  await checkAndEmit(folder, kind);
  if (!kind.startsWith("ts-bundler")) return;
  // Into one file goes CommonJS: ioredis and Express are, and esbuild has no require() for them in an ES module.
  const format = kind === "ts-bundler" ? ["--packages=external", "--external:*.cjs", "--format=esm"] : ["--format=cjs"];
  const args = ["app.ts", "--bundle", "--platform=node", ...format, `--outfile=${FILE[kind]}`];
  await folder.runWell("npx", ["--no-install", "esbuild", ...args]);
}
