import { Command } from "ioredis";
import { describe, expect, it } from "vitest";
import type { ClientInternals } from "../client.ts";
import { type ArgumentTransformers, argumentsKeeperFor } from "./kept-arguments.ts";

const { argument } = (Command as unknown as { _transformer: { argument: ArgumentTransformers } })._transformer;
const client: ClientInternals = { status: "ready", scriptsSet: { llen: {} } };
const keep = argumentsKeeperFor(client, argument);

/** What ioredis would send for these arguments. */
const onTheWire = (name: string, args: unknown[]): unknown =>
  new Command(name, [...args] as never[], { replyEncoding: "utf8" }).args;

const spoil = (value: unknown): void => {
  if (value instanceof Buffer) value.fill(0);
  else if (value instanceof Map) {
    for (const element of value.values()) spoil(element);
    value.clear();
  } else if (Array.isArray(value)) {
    for (const element of value) spoil(element);
    value.length = 0;
  } else if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) {
      spoil((value as Record<string, unknown>)[key]);
      Reflect.deleteProperty(value, key);
    }
  }
};

const FORMS: readonly [name: string, make: () => unknown[]][] = [
  ["set", () => ["key", Buffer.from([0xff, 1, 2])]],
  ["set", () => ["key", 1e21]],
  ["sadd", () => ["key", ["a", Buffer.from("b"), 3]]],
  [
    "sadd",
    () => [
      ["key", "a"],
      ["b", ["c", "d"]],
    ],
  ],
  ["set", () => ["key", { toString: () => "its text" }]],
  ["set", () => ["key", new Uint8Array([1, 2])]],
  ["set", () => ["key", null, undefined, true]],
  ["hset", () => ["key", { field: "value", other: Buffer.from("v"), n: 1, list: ["a", "b"] }]],
  ["hset", () => ["key", Object.defineProperty({}, "__proto__", { value: "p", enumerable: true, configurable: true })]],
  [
    "hset",
    () => [
      "key",
      new Map<unknown, unknown>([
        ["field", "value"],
        [1, Buffer.from("v")],
      ]),
    ],
  ],
  ["hmset", () => [["key", { field: "value" }]]],
  ["hset", () => ["key", "field", { toString: () => "its text" }]],
  ["hset", () => ["key", {}]],
  ["mset", () => [{ a: "1", b: Buffer.from("2") }]],
  ["msetnx", () => [new Map([["a", ["x", "y"]]])]],
  ["mset", () => [{ a: "1" }, { b: "2" }]],
  ["HSET", () => ["key", { field: "value" }]],
];

describe("a snapshot of arguments", () => {
  it.each(FORMS)("of %s is sent as ioredis would have sent them when they were given (%#)", (name, make) => {
    const args = make();
    const kept = name === "HSET" ? keep("call", [name, ...args]).slice(1) : keep(name, args);
    spoil(args);
    expect(onTheWire(name, kept)).toEqual(onTheWire(name, make()));
  });

  it("leaves what cannot be encoded to ioredis", () => {
    const unencodable = { toString: () => ({}) };
    expect(keep("set", ["key", unencodable])).toEqual(["key", unencodable]);
  });

  it("takes a script for a script, though its name be that of a command", () => {
    const keepNamed = argumentsKeeperFor({ status: "ready", scriptsSet: { hset: {} } }, argument);
    expect(keepNamed("hset", ["key", { field: "value" }])).toEqual(["key", "[object Object]"]);
    expect(keepNamed("hsetBuffer", ["key", {}])).toEqual(["key", "[object Object]"]);
  });

  it("copies for a transformer of the user's own whatever it may take", () => {
    const keepFor = argumentsKeeperFor(client, { ...argument, set: (args: unknown[]) => args });
    const cyclic: Record<string, unknown> = { date: new Date(0), list: [new Set([1])], map: new Map([["a", {}]]) };
    cyclic.self = cyclic;
    const [, copy] = keepFor("set", ["key", cyclic]) as [string, typeof cyclic];
    expect(copy).toEqual(cyclic);
    expect(copy.self).toBe(copy);
    expect([copy.date, copy.list, copy.map].map((each, i) => each === Object.values(cyclic)[i])).toEqual([
      false,
      false,
      false,
    ]);
  });

  it("keeps a callback", () => {
    const callback = (): void => {};
    expect(keep("hset", ["key", { a: "1" }, callback])).toEqual(["key", new Map([["a", "1"]]), callback]);
  });
});
