import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PublishedPackage, packAll } from "@tickpipe/packaging";
import { requireRedisServer } from "@tickpipe/test-support";
import type { TestProject } from "vitest/node";
import { runWell } from "./child.ts";
import { NODES, type Node } from "./matrix.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where each package was packed to. */
    tarballs: Readonly<Record<PublishedPackage, string>>;
    /** The programs of the versions of Node that can be had here. */
    nodes: Readonly<Partial<Record<Node, string>>>;
  }
}

/** Packs the packages and installs the versions of Node, once for all tests. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  requireRedisServer();
  const folder = await mkdtemp(join(tmpdir(), "tickpipe-packed-"));
  provide("tarballs", await packAll(join(folder, "tarballs")));
  provide("nodes", { running: process.execPath, ...(await installNodes(folder)) });
  return () => rm(folder, { recursive: true, force: true });
}

/** Node is on npm as a package for each platform; the package `node` would have its install script link only the running one's. */
async function installNodes(folder: string): Promise<Partial<Record<Node, string>>> {
  const platform = `${process.platform}-${process.arch}`;
  if (!["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"].includes(platform)) return {};
  const versions = (Object.keys(NODES) as Node[]).filter((node) => node !== "running");
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
  const packages = versions.map((version) => `node-${version}@npm:node-${platform}@${version}`);
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--no-progress"];
  await runWell("npm", ["install", ...quiet, ...packages], { cwd: folder });
  return Object.fromEntries(
    versions.map((version) => [version, join(folder, "node_modules", `node-${version}`, "bin", "node")]),
  );
}
