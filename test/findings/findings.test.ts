import type { ScopeRecord } from "@tickpipe/core";
import { movabilityOf, type SerialCalls, serialCalls } from "@tickpipe/core/diagnose";
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

/** Where the record alone shows a waterfall, and only the text shows that a reply decides whether the next read is made. */
const REFUTED_BY_TEXT = ["foundOrNot", "untilTheBudgetIsSpent"];
/** What is in series, or in a loop, as far as the text alone shows: of writes, of replies that may decide, of loops side by side. */
const SHOWN_BY_TEXT = [
  ...["loopOfWrites", "loopByReduce", "loopsSideBySide", "seriesOfWrites", "deletesOneByOne", "cachedInALoop"],
  ...["seriesWithWorkBetween", "twoHelpersInSeries", "flags", "notifications", "dashboard", "permissions"],
];

const redisServer = useServer();
const found = new Map<string, RequestDetail>();
/** What the record of the same request shows by itself, as `expectNoWaterfall()` judges. */
const byRecord = new Map<string, { readonly record: ScopeRecord; readonly serial: readonly SerialCalls[] }>();
let served: ServedApp;

beforeAll(async () => {
  const slowOnly = await serve({ slowMs: SLOW_MS });
  found.set("slowCommand", await waterfallOf(slowOnly.base, "/slowCommand"));
  await slowOnly.close();
  served = await serve({});
  let last: ScopeRecord | undefined;
  const keep = (record: ScopeRecord): void => {
    // Not the scopes of the requests for the inspector's own page.
    if (record.calls.length > 0) last = record;
  };
  served.redis.tickpipe.record(keep, { callSites: true, replyUses: true });
  for (const { name } of labelled) {
    if (found.has(name)) continue;
    found.set(name, await waterfallOf(served.base, `/${name}`));
    if (last !== undefined) byRecord.set(name, { record: last, serial: serialCalls(last.calls) });
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

  it("advise nothing about calls that wait on the server, or whose order matters, by the record or by the text", () => {
    for (const [name, { record, serial }] of byRecord) {
      const movable = found.get(name)?.problems.filter(({ kind }) => /^(await-in-loop|calls-in-series)$/.test(kind));
      const advised = [
        ...(movable?.flatMap(({ calls }) => calls.map((index) => record.calls[index])) ?? []),
        ...serial.flatMap(({ calls }) => calls),
      ];
      const never = advised.filter((call) => call === undefined || movabilityOf(call.command) === "never");
      expect(never, name).toEqual([]);
    }
  });

  it("by the record alone are none where there is nothing to find, but where the text is needed to see it", () => {
    const wrong = fine.filter(({ name }) => byRecord.get(name)?.serial.length !== 0).map(({ name }) => name);
    expect(wrong).toEqual(REFUTED_BY_TEXT);
  });

  it("by the record alone are part of those by the text, in the same calls", () => {
    const missed = [];
    for (const { name, expected } of planted) {
      const { record, serial } = byRecord.get(name) ?? {};
      if (record === undefined || serial === undefined) continue;
      for (const { kind, calls } of serial) {
        const indices = calls.map((call) => record.calls.indexOf(call));
        const same = found
          .get(name)
          ?.problems.find((problem) => indices.every((index) => problem.calls.includes(index)));
        expect(same?.kind, `${name}: ${kind}`).toBe(kind === "loop" ? "await-in-loop" : "calls-in-series");
      }
      if (serial.length === 0 && /^(await-in-loop|calls-in-series)$/.test(expected?.kind ?? "")) missed.push(name);
    }
    expect(missed).toEqual(SHOWN_BY_TEXT);
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
