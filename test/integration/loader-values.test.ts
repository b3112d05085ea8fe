import { eventually } from "@tickpipe/test-support";
import { describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { heldLoad, makeLoader, nextIteration, type User, userOf } from "../loaders.ts";

const server = useServer();

/** A promise, and how to settle it. */
function held<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

describe("a load that gives an array of promises", () => {
  it("settles each id by itself, and keeps what came", async () => {
    const users = range(4).map(() => held<User | null>());
    const ids = range(4);
    const made = await makeLoader(server, { load: async (asked) => asked.map((id) => users[id]?.promise ?? null) });
    const [slow, quick, failing, absent] = ids.map((id) => made.users.load(id));
    users[1]?.resolve(userOf(1));
    expect(await quick).toEqual(userOf(1));
    users[2]?.reject(new Error("this one alone"));
    await expect(failing).rejects.toThrow("this one alone");
    users[3]?.resolve(null);
    expect(await absent).toBeNull();
    await made.redis.ping();
    const texts = await made.redis.mget(ids.map(made.keyOf));
    expect(texts).toEqual([null, JSON.stringify(userOf(1)), null, null]);
    users[0]?.resolve(userOf(0));
    expect(await slow).toEqual(userOf(0));
    expect(made.asked).toEqual([ids]);
    expect(made.users.stats()).toMatchObject({ failedKeys: 1, loads: 1 });
  });

  it("fails one id with what a promise rejects with, or resolves with an Error, in every scope that waits", async () => {
    const { redis, users, keyOf } = await makeLoader(server, {
      load: async (ids) =>
        ids.map((id) =>
          id === 1 ? Promise.reject("no error") : Promise.resolve(id === 2 ? new Error("no") : userOf(id)),
        ),
    });
    const inScope = users.for(redis.tickpipe.scope().redis);
    const [one, two, three] = await inScope.loadMany([1, 2, 3]);
    expect(one).toMatchObject({ code: "ERR_TICKPIPE_LOADER_RESULT", cause: "no error" });
    expect(String(two)).toBe("Error: no");
    expect(three).toEqual(userOf(3));
    await redis.ping();
    expect(await redis.exists(keyOf(1), keyOf(2))).toBe(0);
  });

  it("of the wrong length leaves no rejection unhandled", async () => {
    const { users } = await makeLoader(server, {
      load: async () => [Promise.reject(new Error("nobody's")), Promise.reject(new Error("nobody's"))],
    });
    await expect(users.load(1)).rejects.toThrow("got one with 2");
    await nextIteration();
  });
});

class Account {
  readonly id = 1;
}

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

const unlikeJson: [string, unknown, string][] = [
  ["a function", () => {}, "a function"],
  ["a symbol", Symbol("s"), "a symbol"],
  ["a BigInt", 1n, "a BigInt"],
  ["NaN", Number.NaN, "the number NaN"],
  ["a Promise inside", { user: Promise.resolve(1) }, "an instance of Promise"],
  ["a function inside", { list: [{ greet() {} }] }, "the function greet"],
  ["a symbol for a key", { [Symbol("s")]: 1 }, "a symbol for a key"],
  ["a Date", { created: new Date() }, "an instance of Date"],
  ["a Map", new Map([[1, 2]]), "an instance of Map"],
  ["a Set inside", [new Set()], "an instance of Set"],
  ["a Buffer", Buffer.from("x"), "an instance of Buffer"],
  ["an instance of a class", new Account(), "an instance of Account"],
  ["an array of a class", new (class Rows extends Array {})(), "an array of a class of its own"],
  ["a toJSON method", { toJSON: () => 1 }, "toJSON()"],
  ["a hole in an array", new Array(2), "undefined in it"],
  ["undefined in an array", [undefined], "undefined in it"],
  ["infinity inside", { n: Number.POSITIVE_INFINITY }, "the number Infinity"],
  ["itself", cyclic, "that holds itself"],
];

describe("what JSON does not give back as it was", () => {
  it.each(unlikeJson)("is refused, and not kept: %s", async (_what, value, said) => {
    const { redis, users, keyOf } = await makeLoader(server, { load: async (ids) => ids.map(() => value as User) });
    const refused = { name: "TickpipeTypeError", code: "ERR_TICKPIPE_LOADER_RESULT" };
    await expect(users.load(1)).rejects.toMatchObject({ ...refused, message: expect.stringContaining(said) });
    await expect(users.load(1)).rejects.toThrow("codec: { encode: JSON.stringify");
    expect(() => users.prime(1, value as User)).toThrow(expect.objectContaining(refused));
    await redis.ping();
    expect(await redis.exists(keyOf(1))).toBe(0);
    expect(users.stats()).toMatchObject({ failedKeys: 2, redisErrors: 0 });
  });

  it("is kept as a codec has it", async () => {
    const codec = { encode: JSON.stringify, decode: JSON.parse };
    const { users } = await makeLoader(server, { codec, load: async (ids) => ids.map(() => new Date(0) as never) });
    expect([await users.load(1), await users.load(1)]).toEqual(range(2).map(() => "1970-01-01T00:00:00.000Z"));
  });
});

it("what JSON gives back is kept, however deep, of whatever realm, and with a property that is undefined", async () => {
  const deep = JSON.parse(`${"[".repeat(3_000)}${"]".repeat(3_000)}`) as unknown;
  const shared = { a: 1 };
  const values: unknown[] = [0, -0, "", "\ud800", true, [], {}, deep, { a: undefined, b: null }, [shared, shared]];
  values.push(Object.assign(Object.create(null), { row: 1 }), JSON.parse('{"__proto__": 1}'));
  const { users } = await makeLoader(server, { load: async (ids) => ids.map((id) => values[id] as User) });
  for (const _ of range(2)) {
    const loaded = await users.loadMany(range(values.length));
    expect(loaded.filter((each) => each instanceof Error)).toEqual([]);
    expect(loaded[8]).toEqual({ b: null });
    expect(loaded[9]).toEqual([shared, shared]);
  }
  expect(users.stats()).toMatchObject({ failedKeys: 0, hits: values.length });
});

it("a load that is under way is still one for all who ask, when some of its ids have come", async () => {
  const { calls, load } = heldLoad();
  const late = held<User | null>();
  const { users } = await makeLoader(server, {
    load: async (ids) => (ids.includes(1) ? [late.promise] : await load(ids)),
  });
  const first = users.load(1);
  await nextIteration();
  const second = users.load(1);
  await eventually("it has joined", () => users.stats().joined === 1);
  late.resolve(userOf(1));
  expect(await Promise.all([first, second])).toEqual([userOf(1), userOf(1)]);
  expect(calls).toEqual([]);
});
