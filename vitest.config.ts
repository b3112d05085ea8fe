import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// The packages' own sources, so that a change is seen without a build; child processes use the build. With CORE=lib the core that is published.
const coreEntry = (name: string): string =>
  source(process.env.CORE === "lib" ? `./packages/core/lib/${name}.js` : `./packages/core/src/${name}.ts`);
const alias = {
  "@tickpipe/core/diagnose": coreEntry("diagnose"),
  "@tickpipe/core/metrics": coreEntry("metrics"),
  "@tickpipe/core/otel": coreEntry("otel"),
  "@tickpipe/core/testing": coreEntry("testing"),
  "@tickpipe/core": coreEntry("index"),
  "@tickpipe/express": source("./packages/express-adapter/src/index.ts"),
  "@tickpipe/inspector": source("./packages/inspector/src/index.ts"),
};

const onBothEngines = ["test/{integration,differential}/**/*.test.ts"];
/** What is said of calls does not depend on who answers them. */
const ofObserving = ["test/integration/{channels,metrics,observed-cluster,otel,records,testing}.test.ts"];

const onEngine = (engine: "redis-server" | "embedded-valkey", include: string[], exclude: string[] = []) => ({
  resolve: { alias },
  test: {
    name: engine,
    include,
    exclude,
    provide: { engine },
    globalSetup: ["./test/require-redis.ts"],
    setupFiles: ["./test/crash-watch.ts", "./test/every-promise-settles.ts"],
    // Else it gets another copy of graphql than its users do, who are resolved by vite.
    server: { deps: { inline: ["graphql-http"] } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    // Tests wait for servers more than they compute. By default vitest would leave one core of two to nobody.
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          include: ["{packages/*,benchmarks,reference}/src/**/*.test.ts"],
          setupFiles: ["./test/crash-watch.ts"],
          // Milliseconds are enough, but on a machine that does other things as well.
          testTimeout: 30_000,
        },
      },
      // Faults need a process that can be killed, and settings that only a real server has.
      onEngine("redis-server", [
        ...onBothEngines,
        "test/{docs,dropin,examples,faults,findings,frameworks,inspector}/**/*.test.ts",
      ]),
      onEngine("embedded-valkey", onBothEngines, ofObserving),
      {
        resolve: { alias },
        // Sets of servers that fail over; each file starts its own.
        test: {
          name: "cluster",
          // How long servers take to agree on a new master is theirs, and on a busy machine has no bound.
          retry: 1,
          include: ["test/cluster/**/*.test.ts"],
          setupFiles: ["./test/crash-watch.ts"],
          globalSetup: ["./test/require-redis.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          setupFiles: ["./test/crash-watch.ts"],
          provide: { engine: "redis-server" as const },
          globalSetup: ["./test/require-redis.ts", "./test/require-chromium.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "programs",
          include: ["test/programs/**/*.test.ts"],
          setupFiles: ["./test/crash-watch.ts"],
          globalSetup: ["./test/require-redis.ts"],
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
    ],
    // Chromium runs the page, and tells what of it (`pnpm coverage`).
    coverage: { include: ["packages/*/src/**"], exclude: ["**/*.test.ts", "packages/inspector/src/page/**"] },
  },
});
