import { defineConfig } from "vitest/config";

// By itself, and no project of `pnpm test`: what is tested here is what a user installs.
export default defineConfig({
  root: import.meta.dirname,
  test: {
    name: "consumers",
    include: ["*.test.ts"],
    globalSetup: ["./setup.ts"],
    maxWorkers: 2,
    testTimeout: 900_000,
    reporters: ["verbose"],
  },
});
