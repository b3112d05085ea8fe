import type { RecordedCall, ScopeRecord } from "@tickpipe/core";
import { describe, expect, it } from "vitest";
import type { Sources } from "../source/source-files.ts";
import { parseSyntax } from "../source/syntax.ts";
import { diagnose } from "./findings.ts";

const NO_SOURCES = { syntaxOf: () => null, writtenAt: <P>(position: P) => position };
const THRESHOLDS = { bigReplyBytes: 1000, slowMs: 100 };
const RESUMED = "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)";

const stackAt = (...lines: number[]): { stack: string } => ({
  stack: `${lines.map((line) => `    at f (/gone/app.js:${line}:1)`).join("\n")}\n${RESUMED}`,
});

/** Calls one after another, 10 ms each, where nothing else is said. */
function recordOf(calls: readonly Partial<RecordedCall>[]): ScopeRecord {
  const recorded = calls.map(
    (call, index): RecordedCall => ({
      command: "get",
      method: call.command ?? "get",
      commands: 1,
      keys: [`key:${index}`],
      startedMs: index * 10,
      endedMs: index * 10 + 10,
      roundTrip: index + 1,
      answeredBy: "redis",
      outcome: "ok",
      errorName: null,
      errorCode: null,
      replyBytes: 10,
      callSite: stackAt(index + 1),
      ...call,
    }),
  );
  const roundTrips = Math.max(0, ...recorded.map(({ roundTrip }) => roundTrip));
  const stats = { commands: recorded.length, roundTrips, errors: 0, memoHits: 0, waitedMs: 10 * recorded.length };
  const rest = { name: undefined, openedAt: 0, durationMs: 1000, droppedCalls: 0, droppedCallSites: 0 };
  return { ...rest, calls: recorded, stats };
}

const look = (calls: readonly Partial<RecordedCall>[]) => diagnose(recordOf(calls), NO_SOURCES, THRESHOLDS);
const kinds = (calls: readonly Partial<RecordedCall>[]) => look(calls).findings.map(({ kind }) => kind);

describe("diagnose", () => {
  it("finds nothing where nothing was called, and nothing in one call", () => {
    expect(look([])).toMatchObject({ findings: [], possibleRoundTrips: 0 });
    expect(look([{}])).toMatchObject({ findings: [], possibleRoundTrips: 1 });
  });

  it("works without call sites", () => {
    const all = Array.from({ length: 5 }, () => ({ callSite: null }));
    expect(look(all)).toMatchObject({ findings: [], possibleRoundTrips: 5 });
  });

  it("counts a call that still waits as one that has taken no time", () => {
    expect(kinds([{}, { endedMs: null, outcome: "pending" }])).toEqual([]);
  });

  it("tells a loop as a guess where the source is not there", () => {
    const site = stackAt(7);
    const { findings, possibleRoundTrips } = look([1, 2, 3, 4].map(() => ({ callSite: site })));
    expect(findings).toMatchObject([{ kind: "await-in-loop", isGuess: true, at: { file: "/gone/app.js", line: 7 } }]);
    expect(possibleRoundTrips).toBe(1);
  });

  it("tells a loop also where its reads shared the replies of other requests, but not where a memo answered", () => {
    const loop = (answeredBy: RecordedCall["answeredBy"]) =>
      kinds([1, 2, 3, 4].map(() => ({ callSite: stackAt(7), answeredBy, commands: 0 })));
    expect([loop("dedupe"), loop("memo")]).toEqual([["await-in-loop"], []]);
  });

  it("takes calls that each hold something of the reply before for a chain, and not for a loop", () => {
    const chain = (uses: boolean) =>
      kinds([0, 1, 2, 3].map((n) => ({ callSite: stackAt(7), usesRepliesOf: uses && n > 0 ? [n - 1] : [] })));
    expect([chain(true), chain(false)]).toEqual([[], ["await-in-loop"]]);
  });

  it("takes neither a pair by two lines, nor the same key again, nor a cursor, for a loop", () => {
    const site = stackAt(7);
    expect(kinds([1, 2].map((n) => ({ callSite: stackAt(7, n) })))).toEqual([]);
    expect(kinds([1, 2].map(() => ({ callSite: site })))).toEqual(["await-in-loop"]);
    expect(kinds([1, 2, 3, 4].map(() => ({ callSite: site, keys: ["job"] })))).toEqual([]);
    expect(kinds([1, 2, 3, 4].map((n) => ({ callSite: site, command: "sscan", keys: [`set:${n}`] })))).toEqual([]);
  });

  it("finds the same read again, but not after a write to its key, after anything unknown, or after an error", () => {
    const read = { keys: ["user"] };
    const between = (call: Partial<RecordedCall>) => kinds([read, call, read]);
    expect(kinds([read, read])).toEqual(["read-twice"]);
    expect(between({ command: "hget", keys: ["user"] })).toEqual(["read-twice"]);
    expect(between({ command: "set", keys: ["other"] })).toEqual(["read-twice"]);
    expect(between({ command: "set", keys: ["user"] })).toEqual([]);
    expect(between({ command: "flushdb", keys: [] })).toEqual([]);
    expect(between({ command: "pipeline", keys: [] })).toEqual([]);
    expect(kinds([{ ...read, outcome: "error" }, read])).toEqual([]);
  });

  it("takes the same read again for nothing where the lines are not known: it may be one that waits for a change", () => {
    const read = { keys: ["user"], callSite: null };
    expect(kinds([read, read])).toEqual([]);
    expect(kinds([read, { keys: ["user"] }])).toEqual([]);
  });

  it("does not take fields of one hash for the same read, nor keys beyond those that are recorded", () => {
    expect(
      kinds([
        { command: "hget", keys: ["user"] },
        { command: "hget", keys: ["user"] },
      ]),
    ).toEqual([]);
    const many = { command: "mget", keys: Array.from({ length: 16 }, (_, i) => `key:${i}`) };
    expect(kinds([many, many])).toEqual([]);
  });

  it("finds batches of one from two on, and none where one was larger", () => {
    const site = stackAt(3);
    const batch = (command: string, commands: number) => ({ command, commands, callSite: site });
    expect(kinds([batch("pipeline", 1), batch("pipeline", 1)])).toEqual(["batch-of-one"]);
    expect(kinds([batch("multi", 3), batch("multi", 3)])).toEqual(["batch-of-one"]);
    expect(kinds([batch("pipeline", 1)])).toEqual([]);
    expect(kinds([batch("pipeline", 1), batch("pipeline", 2)])).toEqual([]);
  });

  it("finds a big reply from its threshold on, once for each line", () => {
    expect(kinds([{ replyBytes: 999 }])).toEqual([]);
    const { findings } = look([1, 2, 3].map(() => ({ replyBytes: 5000, callSite: stackAt(4), keys: [] })));
    expect(findings).toMatchObject([{ kind: "big-reply", title: "get: a reply of about 5 KiB, 3 such in all." }]);
  });

  it("finds a big reply without its line, and has nothing to write for a command that gives no part of it", () => {
    const { findings } = look([{ replyBytes: 5000, command: "hget", callSite: null }]);
    expect(findings).toMatchObject([{ kind: "big-reply", at: null, rewrite: null }]);
  });

  it("finds KEYS slow, also where its line is not known, and names what goes through keys in portions", () => {
    const { findings } = look([{ command: "keys", keys: [], endedMs: 500, callSite: null }]);
    expect(findings).toMatchObject([
      { kind: "slow-command", at: null, rewrite: expect.stringContaining("scanStream") },
    ]);
  });

  it("finds a slow command, the first of its round trip, and none that may wait on the server", () => {
    const slow = { endedMs: 500, roundTrip: 2, startedMs: 10 };
    const { findings } = look([{}, slow, { ...slow, endedMs: 501 }]);
    expect(findings.map(({ kind, steps }) => [kind, steps[0]?.index])).toEqual([["slow-command", 1]]);
    expect(kinds([{}, { ...slow, command: "blpop" }])).toEqual([]);
    expect(kinds([{}, { ...slow, endedMs: 109 }])).toEqual([]);
  });

  it("finds what waits behind a blocking call, once for each line, and takes it for no slow command", () => {
    const behind = { behindBlocking: true, startedMs: 10, endedMs: 510, callSite: stackAt(4) };
    const { findings } = look([{ command: "blpop", endedMs: 500 }, behind, behind, { ...behind, answeredBy: "memo" }]);
    expect(findings.map(({ kind, title }) => [kind, title])).toEqual([
      ["behind-blocking", "get: 2 calls behind a blocking one on the same connection, up to 500 ms."],
    ]);
  });

  it("takes no call for slow where the request's others were", () => {
    const calls = [0, 150, 300, 450].map((startedMs) => ({ startedMs, endedMs: startedMs + 150 }));
    expect(kinds(calls)).toEqual([]);
  });

  it("spares a round trip only if all its calls could go earlier", () => {
    const site = stackAt(7);
    const loop = [1, 2, 3, 4].map((roundTrip) => ({ callSite: site, roundTrip }));
    const others = [3, 4].map((roundTrip) => ({ command: "hset", roundTrip, startedMs: 100, endedMs: 110 }));
    expect(look([...loop, ...others]).possibleRoundTrips).toBe(3);
  });
});

/** A text, and calls from the places in it that are named by what stands there; each number is of the round trip. */
function lookIn(text: string, calls: readonly (readonly [places: readonly string[], roundTrip: number])[]) {
  const syntax = parseSyntax(text, "/app/a.js");
  const sources: Sources = { ...NO_SOURCES, syntaxOf: (file) => (file === "/app/a.js" ? syntax : null) };
  const frameOf = (place: string): string => {
    const before = text.slice(0, text.indexOf(place)).split("\n");
    return `    at f (/app/a.js:${before.length}:${(before.at(-1)?.length ?? 0) + 1})`;
  };
  const record = recordOf(
    calls.map(([places, roundTrip], i) => ({
      ...{ keys: [`key:${i}`], roundTrip, startedMs: roundTrip * 10, endedMs: roundTrip * 10 + 10 },
      callSite: { stack: `${places.map(frameOf).join("\n")}\n${RESUMED}` },
    })),
  );
  return diagnose(record, sources, THRESHOLDS).findings;
}

/** What is to be written instead of a loop with these calls, each turn of which makes them one after another. */
function rewriteOf(loop: string, ...places: string[]): string | null {
  const calls = [0, 1, 2, 3].flatMap((turn) =>
    places.map((place, i) => [[place], turn * places.length + i + 1] as const),
  );
  const text = `async function load(ids, redis) {\n  ${loop}\n}\n`;
  const findings = lookIn(text, calls);
  expect(findings.map(({ kind }) => kind)).toEqual(["await-in-loop"]);
  return findings[0]?.rewrite ?? null;
}

describe("what to write instead of a loop", () => {
  it("goes through what the loop goes through", () => {
    const get = "await redis.get(id);";
    const all = (each: string) => expect.stringContaining(`Promise.all(\n  ${each},\n)`);
    expect(rewriteOf(`for (const id of ids) ${get}`, "get(id)")).toEqual(all("Array.from(ids, (id) => redis.get(id))"));
    expect(rewriteOf(`let id; for (id of ids) ${get}`, "get(id)")).toEqual(
      all("Array.from(ids, (id) => redis.get(id))"),
    );
    expect(rewriteOf(`for (const id in ids) ${get}`, "get(id)")).toEqual(
      all("Array.from(Object.keys(ids), (id) => redis.get(id))"),
    );
    expect(rewriteOf("for (let i = 0; i < ids.length; i++) await redis.get(ids[i]);", "get(ids")).toEqual(
      all("Array.from({ length: ids.length }, (_, i) => redis.get(ids[i]))"),
    );
  });

  it("takes the call out of what it is kept in before it is awaited", () => {
    expect(rewriteOf("for (const id of ids) { const asked = redis.get(id); await asked; }", "get(id)")).toContain(
      "Array.from(ids, (id) => redis.get(id))",
    );
  });

  it.each([
    "for (let i = 1; i < ids.length; i++)",
    "for (let i = 0; i <= ids.length; i++)",
    "for (let i; i < ids.length; i++)",
    "let i = 0; for (; i < ids.length; i++)",
    "let i = 9; while (i-- > 0)",
  ])("is told in general of a loop that goes by something else: %s", (loop) => {
    expect(rewriteOf(`${loop} await redis.get(ids[i]);`, "get(ids")).toContain("// collect the keys first");
  });

  it("runs the whole body for each where it makes several calls, or uses what it declares", () => {
    expect(
      rewriteOf("for (const id of ids) out.push(await redis.get(id), await redis.get(-id));", "get(id)", "get(-id)"),
    ).toBe(
      "await Promise.all(\n  Array.from(ids, async (id) => {\n    out.push(await redis.get(id), await redis.get(-id));\n  }),\n);\n// where iterations make different calls, the order of what they push may change",
    );
    const declares =
      "for (const id of ids) {\n    if (!id) continue;\n    const key = prefix + id;\n    await redis.get(key);\n  }";
    const rewrite = rewriteOf(declares, "get(key)");
    expect(rewrite).toContain("async (id) => {");
    expect(rewrite).toMatch(/\);$/);
    expect(rewrite).toContain("if (!id) return;");
  });
});

describe("loops that run at once", () => {
  const text = `async function all(groups) {
  await Promise.all(groups.map((ids) => each(ids)));
}
async function each(ids) {
  for (const id of ids) await redis.get(id);
}
`;
  /** So many turns of two loops at once. */
  const turns = (count: number) =>
    Array.from({ length: count * 2 }, (_, i) => [["get(id)"], Math.floor(i / 2) + 1] as const);

  it("are found from three round trips on: two may be a portion that happened to be cut in two", () => {
    expect(lookIn(text, turns(2))).toEqual([]);
    expect(lookIn(text, turns(3)).map(({ kind }) => kind)).toEqual(["await-in-loop"]);
  });

  it("are not taken for loops where each turn makes a portion's calls together", () => {
    const portions = `async function all(portions) {
  for (const ids of portions) await Promise.all(ids.map((id) => redis.get(id)));
}
`;
    const calls = Array.from({ length: 6 }, (_, i) => [["get(id)", "map((id)"], Math.floor(i / 2) + 1] as const);
    expect(lookIn(portions, calls)).toEqual([]);
  });
});

describe("what to write instead of a series", () => {
  it("makes the calls together, under the names that they have", () => {
    const text = `async function load(redis) {
  const user = await redis.hgetall("user");
  await redis.lrange("posts", 0, 9);
  const asked = redis.smembers("flags");
  await asked;
}
`;
    const [found, ...others] = lookIn(text, [
      [["hgetall("], 1],
      [["lrange("], 2],
      [["smembers("], 3],
    ]);
    expect([found?.kind, others]).toEqual(["calls-in-series", []]);
    expect(found?.rewrite).toBe(
      'const [user, reply2, asked] = await Promise.all([\n  redis.hgetall("user"),\n  redis.lrange("posts", 0, 9),\n  redis.smembers("flags"),\n]);',
    );
    expect([found?.at?.line, found?.alsoAt.map(({ line }) => line)]).toEqual([3, [2, 4]]);
  });
});
