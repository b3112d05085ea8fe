import { hasFlag, list } from "@ioredis/commands";
import { describe, expect, it } from "vitest";
import { mayWrite, movabilityOf } from "./movability.ts";

describe("movabilityOf", () => {
  it("is never for a command that may wait on the server, of all that there are", () => {
    const blocking = list.filter((command) => hasFlag(command, "blocking"));
    expect(blocking).toContain("blpop");
    expect([...blocking, "wait", "waitaof"].filter((command) => movabilityOf(command) !== "never")).toEqual([]);
  });

  it("is that of a read for nothing that Redis says writes", () => {
    const writing = list.filter((command) => hasFlag(command, "write"));
    expect(writing.filter((command) => movabilityOf(command) === "read" || !mayWrite(command))).toEqual([]);
  });

  it.each([
    ["get", "read"],
    ["hgetall", "read"],
    ["incr", "write"],
    ["set", "write"],
    ["del", "write"],
    ["setnx", "never"],
    ["lpop", "never"],
    ["ttl", "never"],
    ["scan", "never"],
    ["eval", "never"],
    ["multi", "never"],
    ["select", "never"],
    ["a script of the user's own", "never"],
  ])("of %s is %s", (command, expected) => {
    expect(movabilityOf(command)).toBe(expected);
  });
});
