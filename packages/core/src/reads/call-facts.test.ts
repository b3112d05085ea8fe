import { describe, expect, it } from "vitest";
import type { ClientInternals } from "../client.ts";
import { callFactsOf, type KeysOfCommand } from "./call-facts.ts";

/** As a client finds the keys of commands that are not known here: the second argument, say. */
const keysOf: KeysOfCommand = (_command, args) => args.slice(1, 2);
const factsWith = (internals: Partial<ClientInternals>) => callFactsOf({ status: "ready", ...internals }, keysOf);
const facts = (method: string, ...args: unknown[]) => factsWith({})({ method, args });
const prefixed = (keyPrefix: unknown) => factsWith({ options: { keyPrefix } })({ method: "get", args: ["a"] }).keys;

describe("callFactsOf", () => {
  it("tells the command in lower case and its keys, as text", () => {
    expect(facts("getBuffer", "a")).toEqual({ command: "get", keys: ["a"] });
    expect(facts("get", Buffer.from("a"))).toEqual({ command: "get", keys: ["a"] });
    expect(facts("mget", ["a", "b"], "c")).toEqual({ command: "mget", keys: ["a", "b", "c"] });
    expect(facts("expire", 7, 60)).toEqual({ command: "expire", keys: ["7"] });
  });

  it("asks the client about keys that it does not know itself, and leaves out what is none", () => {
    expect(facts("object", "ENCODING", "a")).toEqual({ command: "object", keys: ["a"] });
    expect(facts("object", "ENCODING", {}).keys).toEqual([]);
    expect(facts("get", {}).keys, "an argument that ioredis makes a text of").toEqual([]);
  });

  it("takes the names of MSET's object or Map, and of nothing else that is given in its place", () => {
    expect(facts("mset", { a: 1, b: 2 }).keys).toEqual(["a", "b"]);
    expect(facts("msetnx", new Map([["a", 1]])).keys).toEqual(["a"]);
    expect(facts("mset", Buffer.from("a"), "SECRET").keys).not.toContain("0");
    expect(facts("mset", null).keys).toEqual([]);
  });

  it("puts the client's prefix before each", () => {
    expect([prefixed("p:"), prefixed(Buffer.from("p:")), prefixed(undefined)]).toEqual([["p:a"], ["p:a"], ["a"]]);
  });

  it("reads the command and the keys of call(), and hides what does not look like a command", () => {
    expect(facts("call", "GET", "a")).toEqual({ command: "get", keys: ["a"] });
    expect(facts("call", "SECRET value", "b", "a").command).toBe("call");
    expect(facts("call", Buffer.from("GET"), "b", "a").command).toBe("call");
  });

  it("knows the keys of scripts by the number that was defined, or that the call gives", () => {
    const scripts = factsWith({ scriptsSet: { two: { numberOfKeys: 2 }, open: { numberOfKeys: null } } });
    expect(scripts({ method: "two", args: ["a", "b", "arg"] }).keys).toEqual(["a", "b"]);
    expect(scripts({ method: "open", args: [1, "a", "arg"] }).keys).toEqual(["a"]);
    const strange = factsWith({ scriptsSet: { odd: "no script" } });
    expect(strange({ method: "odd", args: ["x", "a"] }).keys).toEqual(["a"]);
  });

  it("gathers those of a pipeline's commands, which have the prefix already, and of a transaction's watch", () => {
    const pipelined = factsWith({ options: { keyPrefix: "p:" } });
    const queue = [{ name: "GET", args: ["p:a"] }, { args: ["x", "p:b"] }];
    expect(pipelined({ method: "pipeline", args: [], queue })).toEqual({ command: "pipeline", keys: ["p:a", "p:b"] });
    expect(pipelined({ method: "transaction", args: ["a", Buffer.from("b")] }).keys).toEqual(["p:a", "p:b"]);
  });

  it("tells of sixteen keys at most, of 512 characters each", () => {
    const many = Array.from({ length: 40 }, (_, i) => `k${i}`);
    expect(facts("mget", many).keys).toEqual(many.slice(0, 16));
    const queue = many.map((key) => ({ name: "get", args: [key] }));
    expect(factsWith({})({ method: "pipeline", args: [], queue }).keys).toEqual(many.slice(0, 16));
    const [long] = facts("get", "k".repeat(600)).keys;
    expect(long).toBe(`${"k".repeat(511)}…`);
  });
});
