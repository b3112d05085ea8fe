import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";

/** What a run's figures depend on. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
  /** The server's name and version. */
  readonly redis: string;
  /** Versions of the packages that were compared, by their names. */
  readonly packages: Readonly<Record<string, string>>;
}

const PACKAGES = ["ioredis", "ioredis-auto-pipeline", "redis", "@valkey/valkey-glide", "express", "autocannon"];
const require = createRequire(import.meta.url);

/** @param redis the server's description, from `startRedisServer()` */
export function environmentOf(redis: string): Environment {
  const [cpu] = cpus();
  const versions = PACKAGES.flatMap((name) => {
    const version = versionOf(name);
    return version === null ? [] : [[name, version] as const];
  });
  return {
    cpu: cpu?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${distribution()}, ${type()} ${release()}, ${arch()}`,
    node: process.version,
    redis,
    packages: Object.fromEntries(versions),
  };
}

/** Read from its folder, since not every package exports its package.json; `null` where it is not installed. */
function versionOf(name: string): string | null {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")) as { version: string }).version;
    } catch {}
  }
  return null;
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? type();
  } catch {
    return type();
  }
}
