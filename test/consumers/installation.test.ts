import { startRedisServer } from "@tickpipe/test-support";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { copySupport, Folder } from "./folder.ts";
import { checkAndEmit } from "./typescript.ts";

const tarballs = inject("tarballs");
const TYPES = ["typescript@7.0.2", "@types/node@20"];

/** Compiles and starts a program against a server of its own, and returns what it prints. */
async function runProgram(
  folder: Folder,
  program: string,
  { client = "ioredis", skipLibCheck = false } = {},
): Promise<unknown> {
  await folder.copy(`${program}.ts`, { ioredis: client });
  await copySupport(folder);
  await checkAndEmit(folder, "ts-nodenext", { skipLibCheck });
  const { host, port, stop } = await startRedisServer();
  onTestFinished(() => stop());
  const env = { REDIS_URL: `redis://${host}:${port}`, REDIS_HOST: host, REDIS_PORT: String(port) };
  const { stdout, stderr } = await folder.runWell(process.execPath, [`${program}.js`], env);
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

describe("@tickpipe/core beside one client, with no optional peer", () => {
  const alone = { writes: 1, replies: ["OK", 2, "2"], roundTrips: 1 };

  it("compiles and runs with ioredis, and says of the entry points that need more what is missing", async () => {
    const folder = await Folder.make("module");
    await folder.install(tarballs["@tickpipe/core"], "ioredis@6.0.0", ...TYPES);
    expect(await runProgram(folder, "alone")).toEqual(alone);
    for (const [entry, missing] of [
      ["@tickpipe/core/metrics", "prom-client"],
      ["@tickpipe/core/otel", "@opentelemetry/api"],
    ] as const) {
      for (const failure of await folder.failuresOf([entry])) {
        expect(failure).toMatch(new RegExp(`^(?:ERR_)?MODULE_NOT_FOUND Cannot find (?:package|module) '${missing}'`));
      }
    }
  });

  it("compiles and runs with iovalkey, and no ioredis is installed", async () => {
    const folder = await Folder.make("module");
    await folder.install(tarballs["@tickpipe/core"], tarballs["@tickpipe/inspector"], "iovalkey@0.4.0", ...TYPES);
    expect(folder.has("ioredis")).toBe(false);
    await folder.copy("inspected.ts");
    expect(await runProgram(folder, "alone", { client: "iovalkey" })).toEqual(alone);
  });
});

it("two copies of ioredis in one tree, with clients of both wrapped, each make one write per tick", async () => {
  const folder = await Folder.make("module");
  const library = ["cache-manager-ioredis-yet@2.1.2", "cache-manager@5.7.6"];
  await folder.install(tarballs["@tickpipe/core"], "ioredis@6.0.0", ...library, ...TYPES);
  expect(folder.has("cache-manager-ioredis-yet/node_modules/ioredis")).toBe(true);
  await folder.write("library.ts", 'import "cache-manager";');
  await expect(checkAndEmit(folder, "ts-nodenext"), "what fails without Tickpipe").rejects.toThrow("lru-cache");
  expect(await runProgram(folder, "two-copies", { skipLibCheck: true })).toEqual({
    ofOwnCopy: [true, false],
    lean: [true, true],
    writes: [1, 1],
    replies: [
      ["OK", 2, "2", 1],
      ["OK", 3, "3", 1],
    ],
    cached: [{ index: 0 }, { index: 1 }],
  });
});

describe("what is not supported", () => {
  it.each(["4.31.0", "5.3.2"])("npm refuses to install beside ioredis %s", async (version) => {
    const folder = await Folder.make("module");
    const { code, stderr } = await folder.tryToInstall(tarballs["@tickpipe/core"], `ioredis@${version}`);
    expect(code).toBe(1);
    expect(stderr).toContain("ERESOLVE");
    expect(stderr).toMatch(/ioredis@">=5\.4 <7" from @tickpipe\/core@/);
  });

  it("a client of ioredis 4, and a Cluster, are refused with an error that says what to do", async () => {
    const folder = await Folder.make("module");
    await folder.install(tarballs["@tickpipe/core"], "ioredis@4.31.0", "--legacy-peer-deps");
    const { stdout } = await folder.evaluate(`
      import { tickpipe, TickpipeTypeError } from "@tickpipe/core";
      import Redis from "ioredis";
      for (const client of [new Redis({ lazyConnect: true }), new Redis.Cluster([{ port: 1 }], { lazyConnect: true })]) {
        try {
          tickpipe(client);
          console.log("wrapped");
        } catch (error) {
          console.log(error instanceof TickpipeTypeError, error.code, error.message);
        }
      }`);
    for (const line of stdout.trim().split("\n")) {
      expect(line).toMatch(
        /^true ERR_TICKPIPE_INVALID_CLIENT Expected an ioredis client, .* update to ioredis 5\.4 or later\.$/,
      );
    }
    expect(stdout.trim().split("\n")).toHaveLength(2);
  });

  it("nothing but the entry points can be reached", async () => {
    const folder = await Folder.make("module");
    const extras = ["express@5.3.0", "prom-client@15.1.3", "@opentelemetry/api@1.9.1"];
    await folder.install(...Object.values(tarballs), "ioredis@6.0.0", ...extras);
    const files = (await Promise.all(Object.keys(tarballs).map((name) => folder.filesOf(name)))).flat();
    const isInternal = (file: string): boolean => /^@tickpipe\/\w+\/(?!package\.json$|node_modules\/)/.test(file);
    const failures = await folder.failuresOf(files.filter(isInternal));
    expect(failures.length).toBeGreaterThan(200);
    expect(failures.filter((failure) => !failure.startsWith("ERR_PACKAGE_PATH_NOT_EXPORTED"))).toEqual([]);
  });

  it("TypeScript before 5.8 refuses to compile to require() with nodenext, which is why the documents ask for 5.8 there", async () => {
    const folder = await Folder.make("commonjs");
    await folder.install(tarballs["@tickpipe/core"], "ioredis@6.0.0", "typescript@5.6.3", "@types/node@20");
    await folder.copy("alone.ts");
    await copySupport(folder);
    await expect(checkAndEmit(folder, "ts-nodenext-cjs")).rejects.toThrow(/alone\.ts\(2,\d+\): error TS1479/);
  });
});
