import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis5";
import { describe, expect, it } from "vitest";
import { type IoredisClient, internalsOf } from "../client.ts";
import { commandMethodsOf, isAddedCommand } from "./method-names.ts";

const clients: [string, IoredisClient][] = [
  ["ioredis 6", new Redis({ lazyConnect: true })],
  ["ioredis 5", new Redis5({ lazyConnect: true })],
];

describe.each(clients)("the methods of %s", (_name, client) => {
  const names = [...commandMethodsOf(client)];

  it("are each command with its Buffer variant, and the generic ones", () => {
    expect(names).toEqual(
      expect.arrayContaining(["get", "getBuffer", "xread", "call", "callBuffer", "send_command", "exec", "quit"]),
    );
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(400);
    const own = internalsOf(client);
    for (const name of names) expect(typeof own[name]).toBe("function");
    expect(commandMethodsOf(client.duplicate() as IoredisClient)).toBe(commandMethodsOf(client));
  });

  it("are not those that return something to collect commands in, or that make another connection", () => {
    expect(names).not.toEqual(expect.arrayContaining(["pipeline"]));
    for (const name of ["multi", "pipeline", "monitor", "duplicate", "on", "connect"])
      expect(names).not.toContain(name);
  });

  it("tell a script or a module's command, whenever it was added", () => {
    const own = internalsOf(client);
    expect(isAddedCommand(own, "hello_script")).toBe(false);
    (client as Redis).defineCommand("hello_script", { lua: "return 1" });
    (client as Redis).addBuiltinCommand("module.command");
    for (const name of ["hello_script", "hello_scriptBuffer", "module.command", "module.commandBuffer"]) {
      expect(isAddedCommand(own, name)).toBe(true);
    }
    expect(isAddedCommand(own, "toString")).toBe(false);
    expect(isAddedCommand(own, Symbol("hello_script"))).toBe(false);
  });
});
