import type { InspectorOptions, RequestDetail } from "@tickpipe/inspector";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useServer } from "../engine.ts";
import { type ServedApp, serveApp, waterfallOf } from "../inspector/served-app.ts";
import { seed } from "./handler.ts";
import { type Labelled, labelled } from "./labelled.ts";

/** The one handler that is slow takes longer; the others are not asked, since a busy machine may stall for as long. */
const SLOW_MS = 400;

/** What the rules are known not to find: a generator is taken to be lazy on purpose. */
const MISSED = new Set(["asyncGenerator"]);

const redisServer = useServer();
const found = new Map<string, RequestDetail>();
let served: ServedApp;

beforeAll(async () => {
  const slowOnly = await serve({ slowMs: SLOW_MS });
  found.set("slowCommand", await waterfallOf(slowOnly.base, "/slowCommand"));
  await slowOnly.close();
  served = await serve({});
  for (const { name } of labelled) {
    if (!found.has(name)) found.set(name, await waterfallOf(served.base, `/${name}`));
  }
});

afterAll(() => served.close());

async function serve(options: InspectorOptions): Promise<ServedApp> {
  const all = await serveApp(redisServer.client(), { maxPerSecond: Number.POSITIVE_INFINITY, ...options });
  await seed(all.redis.tickpipe.client);
  for (const { name, handler } of labelled) {
    all.app.get(`/${name}`, async (req, res) => {
      res.json(await handler(req.redis).catch(String));
    });
  }
  return all;
}

const told = (name: string): string[] =>
  (found.get(name)?.problems ?? []).map(({ kind, at }) => `${kind} at ${at?.file.split("/").at(-1)}:${at?.line}`);

const isRight = ({ name, expected }: Labelled): boolean =>
  expected !== null && told(name).includes(`${expected.kind} at ${expected.file}:${expected.line}`);

const planted = labelled.filter(({ name, expected }) => expected !== null && !MISSED.has(name));
const fine = labelled.filter(({ expected }) => expected === null);

describe("findings", () => {
  it.each(planted)("name the line to change in $name, and nothing else", ({ name, expected }) => {
    expect(told(name)).toEqual([`${expected?.kind} at ${expected?.file}:${expected?.line}`]);
  });

  it.each(fine)("leave $name alone", ({ name }) => {
    expect(told(name)).toEqual([]);
  });

  it("are the same where several requests run at once", async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => waterfallOf(served.base, "/loopOfReads")));
    expect(all.map(({ findings }) => findings)).toEqual(all.map(() => ["await-in-loop"]));
    expect(all.map(({ possibleRoundTrips }) => possibleRoundTrips)).toEqual(all.map(() => 2));
  });

  it("say which round trips would be left", () => {
    const trips = (name: string) => [found.get(name)?.roundTrips, found.get(name)?.possibleRoundTrips];
    expect(trips("loopOfReads")).toEqual([11, 2]);
    expect(trips("loopOfTwoSteps")).toEqual([8, 2]);
    expect(trips("seriesOfFour")).toEqual([4, 1]);
    expect(trips("seriesAfterADependentCall")).toEqual([3, 2]);
    expect(trips("readTwice")).toEqual([3, 2]);
    expect(trips("linkedList")).toEqual([3, 3]);
  });

  it("come with code to paste, made of the handler's own", () => {
    const rewrite = (name: string) => found.get(name)?.problems[0]?.rewrite;
    expect(rewrite("loopOfReads")).toMatch(/Array\.from\(ids, \(id\) => redis\.hgetall\(`post:\$\{id\}`\)\)/);
    expect(rewrite("seriesOfTwo")).toBe(
      'const [user, settings] = await Promise.all([\n  redis.hgetall("user:1"),\n  redis.get("settings"),\n]);',
    );
  });

  it("come with code that is code", () => {
    const AsyncFunction = (async () => {}).constructor as new (...code: string[]) => unknown;
    for (const { problems } of found.values()) {
      // A private field is one only within its class.
      const codes = problems.map(({ rewrite }) => (rewrite ?? "").replaceAll("this.#", "this."));
      for (const code of codes) expect(() => new AsyncFunction(code), code).not.toThrow();
    }
  });

  it("are right in 95 of 100 cases, and leave out no more than 1 in 10", () => {
    const right = labelled.filter(isRight).length;
    const wrong = fine.filter(({ name }) => told(name).length > 0).length;
    const all = labelled.filter(({ expected }) => expected !== null).length;
    expect(right / (right + wrong)).toBeGreaterThanOrEqual(0.95);
    expect(right / all).toBeGreaterThanOrEqual(0.9);
    expect(labelled.length).toBeGreaterThanOrEqual(40);
  });
});
