import { startRedisServer } from "@tickpipe/test-support";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { Folder } from "./folder.ts";
import type { Node } from "./matrix.ts";

const tarballs = Object.values(inject("tarballs"));
const nodes = inject("nodes");

/** As the documents say: packages in node_modules are compiled to CommonJS only if they are named. */
const COMPILED = { transformIgnorePatterns: ["/node_modules/(?!@tickpipe/)"] };

const SETUPS = {
  "Babel, and the packages named in transformIgnorePatterns": {
    packages: ["@babel/core@7", "@babel/preset-env@7"],
    jest: COMPILED,
    node: "running",
  },
  "ts-jest, and the packages named in transformIgnorePatterns": {
    packages: ["ts-jest@29.4.15", "typescript@5.9.3"],
    jest: { ...COMPILED, transform: { "\\.[jt]s$": "ts-jest" } },
    node: "running",
  },
  "Node's --experimental-vm-modules, from 24.9 on": { packages: [], jest: { transform: {} }, node: "24.21.0" },
} as const satisfies Record<string, { packages: readonly string[]; jest: object; node: Node }>;

describe("an application under Jest 30", () => {
  for (const [name, { packages, jest, node }] of Object.entries(SETUPS)) {
    const program = nodes[node];
    it.skipIf(program === undefined)(`is tested with ${name}`, async () => {
      const folder = await Folder.make("commonjs");
      await folder.install(...tarballs, "ioredis@6.0.0", "express@5.3.0", "jest@30.5.2", ...packages);
      await folder.write("jest.config.json", JSON.stringify({ testMatch: ["**/*.spec.js"], ...jest }));
      await folder.write(
        "babel.config.json",
        JSON.stringify({ presets: [["@babel/preset-env", { targets: { node: "current" } }]] }),
      );
      await folder.write(
        "tsconfig.json",
        JSON.stringify({
          compilerOptions: { target: "es2022", esModuleInterop: true, allowJs: true, isolatedModules: true },
        }),
      );
      for (const spec of ["posts.spec.js", "fakes.spec.js"]) await folder.copy(spec);
      const server = await startRedisServer();
      onTestFinished(() => server.stop());
      const flags = node === "running" ? [] : ["--experimental-vm-modules"];
      const env = { REDIS_URL: `redis://${server.host}:${server.port}` };
      const { code, stderr } = await folder.run(
        program ?? "",
        [...flags, "node_modules/jest/bin/jest.js", "--ci"],
        env,
      );
      expect(stderr).toMatch(/^Tests: +1 failed, 6 passed, 7 total$/m);
      expect(stderr).toContain("Await in a loop: get was called 2 times, each after the reply to the one before.");
      expect(stderr).toContain("posts.spec.js:42:");
      expect(code).toBe(1);
    });
  }
});
