import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import type { IoredisClient } from "../client.ts";
import { commandPartsOf, keyFinderOf } from "./ioredis-command.ts";

const withPipeline = (pipeline: unknown): IoredisClient => ({ pipeline: () => pipeline }) as unknown as IoredisClient;
const collecting = (command: unknown) =>
  withPipeline({ ping: () => {}, _queue: command === undefined ? [] : [command] });

/** A command of a class that lacks one thing. */
function commandWithout(lacking: string): object {
  const transformers: Record<string, unknown> = { transformers: undefined, "reply transformers": { argument: {} } };
  const Command = Object.assign(function Command() {}, {
    _transformer: lacking in transformers ? transformers[lacking] : { argument: {}, reply: {} },
  });
  for (const name of ["toWritable", "transformReply", "setTimeout", "getSlot", "_iterateKeys"]) {
    if (name !== lacking) Command.prototype[name] = () => {};
  }
  return Object.create(Command.prototype);
}

describe("commandPartsOf", () => {
  it("finds the class of a client's own commands without sending anything", () => {
    const client = new Redis({ lazyConnect: true });
    const parts = commandPartsOf(client as unknown as IoredisClient);
    expect(parts?.Command.prototype).toHaveProperty("toWritable");
    expect(parts?.generatedMethod("get")).toBe(client.get);
    expect([client.status, parts?.generatedMethod("no such command")]).toEqual(["wait", undefined]);
  });

  it.each<[string, IoredisClient]>([
    ["no pipeline", withPipeline(undefined)],
    ["a pipeline without ping", withPipeline({})],
    ["a pipeline that keeps its commands elsewhere", withPipeline({ ping: () => {} })],
    ["a pipeline that has made no command", collecting(undefined)],
    ["commands without toWritable", collecting(commandWithout("toWritable"))],
    ["commands without _iterateKeys", collecting(commandWithout("_iterateKeys"))],
    ["commands without transformers", collecting(commandWithout("transformers"))],
    ["commands without reply transformers", collecting(commandWithout("reply transformers"))],
  ])("is null of a version with %s, whose calls ioredis then makes itself", (_what, client) => {
    expect(commandPartsOf(client)).toBeNull();
  });

  it("is all that a lean command needs", () => {
    expect(commandPartsOf(collecting(commandWithout("nothing")))).not.toBeNull();
  });
});

describe("keyFinderOf", () => {
  it("finds keys as the client does, and none of a call that Redis would refuse", () => {
    const keysOf = keyFinderOf(new Redis({ lazyConnect: true }) as unknown as IoredisClient);
    expect(keysOf("eval", ["return 1", "2", "a", "b", "arg"])).toEqual(["a", "b"]);
    expect(keysOf("eval", ["return 1"])).toEqual([]);
    expect(keysOf("no-such-command", ["a"])).toEqual([]);
  });

  it("finds none where the client's commands are not to be had", () => {
    expect(keyFinderOf(withPipeline(undefined))("get", ["a"])).toEqual([]);
  });
});
