import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { type ClientInternals, type IoredisClient, internalsOf } from "../client.ts";
import { copyAddedCommands } from "./added-commands.ts";

const lazyClient = (): Redis => new Redis({ lazyConnect: true });
const inside = (client: Redis): ClientInternals => internalsOf(client as unknown as IoredisClient);
const scriptOf = (client: Redis, name: string): unknown => (inside(client).scriptsSet as Record<string, unknown>)[name];

describe("copyAddedCommands", () => {
  it("gives a connection the scripts of another, with their number of keys or without one", () => {
    const [from, to] = [lazyClient(), lazyClient()];
    from.defineCommand("fixed", { lua: "return 1", numberOfKeys: 2, readOnly: true });
    from.defineCommand("open", { lua: "return 2" });
    copyAddedCommands(inside(from), inside(to));
    expect([typeof Reflect.get(to, "fixed"), typeof Reflect.get(to, "openBuffer")]).toEqual(["function", "function"]);
    expect(scriptOf(to, "fixed")).toMatchObject({ lua: "return 1", numberOfKeys: 2, readOnly: true });
    expect(scriptOf(to, "open")).toMatchObject({ lua: "return 2", numberOfKeys: null });
  });

  it("defines anew what was changed since, and nothing that is there already", () => {
    const [from, to] = [lazyClient(), lazyClient()];
    for (const client of [from, to]) client.defineCommand("same", { lua: "return 1" });
    from.defineCommand("changed", { lua: "return 'new'" });
    to.defineCommand("changed", { lua: "return 'old'" });
    const before = scriptOf(to, "same");
    copyAddedCommands(inside(from), inside(to));
    expect(scriptOf(to, "same")).toBe(before);
    expect(scriptOf(to, "changed")).toMatchObject({ lua: "return 'new'" });
  });

  it("adds commands of modules, as JSON.GET", () => {
    const [from, to] = [lazyClient(), lazyClient()];
    from.addBuiltinCommand("json.get");
    copyAddedCommands(inside(from), inside(to));
    expect(typeof Reflect.get(to, "json.get")).toBe("function");
    const added = Reflect.get(to, "json.get");
    copyAddedCommands(inside(from), inside(to));
    expect(Reflect.get(to, "json.get")).toBe(added);
  });

  it("leaves a client alone that keeps neither, such as one of another version", () => {
    copyAddedCommands({ status: "ready" }, inside(lazyClient()));
    const bare: ClientInternals = { status: "ready" };
    const from = lazyClient();
    from.defineCommand("some", { lua: "return 1" });
    from.addBuiltinCommand("json.get");
    copyAddedCommands(inside(from), bare);
    expect(bare).toEqual({ status: "ready" });
  });
});
