/*
 * pnpm example NAME: starts an example, with a Redis if REDIS_URL (for `cluster`: REDIS_NODES) names none, and stops both at Ctrl-C.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { findRedisServer, HOST, startCluster, startEmbeddedValkey, startRedisServer } from "@tickpipe/test-support";

interface Example {
  readonly program: string;
  readonly tryIt: readonly string[];
}

const FRAMEWORKS = ["node-http", "express", "fastify", "koa", "hono"];

const EXAMPLES: Readonly<Record<string, Example>> = {
  ...Object.fromEntries(FRAMEWORKS.map((name) => [name, { program: "frameworks", tryIt: ["curl URL/posts"] }])),
  graphql: {
    program: "graphql",
    tryIt: [`curl -G URL/graphql --data-urlencode 'query={ posts { title likes author { name } } }'`],
  },
  sessions: {
    program: "sessions",
    tryIt: [
      `curl -c cookies -H 'content-type: application/json' -d '{"name":"Ann"}' URL/session`,
      "curl -b cookies URL/me",
    ],
  },
  cluster: { program: "cluster", tryIt: ["curl -X POST URL/carts/ann/p1", "curl URL/carts/ann"] },
};

/** What an example needs to find its Redis, and how to stop what was started for it. */
async function redisFor(name: string): Promise<{ env: NodeJS.ProcessEnv; stop: () => Promise<void> }> {
  if (name === "cluster") {
    if (process.env.REDIS_NODES) return { env: {}, stop: async () => {} };
    const cluster = await startCluster({ masters: 3, replicasPerMaster: 0 });
    return { env: { REDIS_NODES: cluster.nodes.map(({ port }) => `${HOST}:${port}`).join() }, stop: cluster.stop };
  }
  if (process.env.REDIS_URL) return { env: {}, stop: async () => {} };
  const server = findRedisServer() === null ? await startEmbeddedValkey() : await startRedisServer();
  return { env: { REDIS_URL: `redis://${HOST}:${server.port}` }, stop: () => server.stop() };
}

async function run(name: string, { program, tryIt }: Example): Promise<number> {
  const redis = await redisFor(name);
  const path = fileURLToPath(new URL(`../../${program}/dist/server.js`, import.meta.url));
  // Its signals are sent by this process, so that Ctrl-C does not reach it twice.
  const child = spawn(process.execPath, [path, name], {
    env: { ...process.env, ...redis.env },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill("SIGTERM"));
  child.stdout.on("data", (data) => {
    process.stdout.write(data);
    const url = String(data).trim();
    process.stderr.write(`Try:\n${tryIt.map((line) => `  ${line.replace("URL", url)}\n`).join("")}Stop with Ctrl-C.\n`);
  });
  const [code] = await once(child, "close");
  await redis.stop();
  return code ?? 1;
}

const [name = ""] = process.argv.slice(2);
const example = Object.hasOwn(EXAMPLES, name) ? EXAMPLES[name] : undefined;
if (example === undefined) {
  process.stderr.write(`Usage: example NAME, where NAME is one of: ${Object.keys(EXAMPLES).join(", ")}\n`);
  process.exitCode = 1;
} else {
  try {
    process.exitCode = await run(name, example);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
