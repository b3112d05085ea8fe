import { describe, expect, it } from "vitest";
import { errorLabel } from "./error-label.ts";

function errorOf(name: string, message: string, code?: unknown): Error {
  return Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) });
}

describe("errorLabel", () => {
  it.each<[unknown, string, string | null]>([
    [errorOf("ReplyError", "WRONGTYPE Operation against a key"), "ReplyError", "WRONGTYPE"],
    [errorOf("ReplyError", "MOVED 1 127.0.0.1:1"), "ReplyError", "MOVED"],
    [errorOf("ReplyError", "SECRET word of a script"), "ReplyError", null],
    [errorOf("ReplyError", ""), "ReplyError", null],
    [errorOf("Error", "connect", "ECONNREFUSED"), "Error", "ECONNREFUSED"],
    [errorOf("TickpipeError", "x", "ERR_TICKPIPE_DEADLINE"), "TickpipeError", "ERR_TICKPIPE_DEADLINE"],
    [errorOf("a secret name", "x", "a secret code"), "Error", null],
    [errorOf("Error", "x", 5), "Error", null],
    ["a thrown string", "Error", null],
    [undefined, "Error", null],
  ])("tells of %o no more than its class and code", (error, name, code) => {
    expect(errorLabel(error)).toEqual({ name, code });
  });

  it("takes a name that is no text for none", () => {
    const { name, code } = errorLabel(Object.assign(new Error("x"), { name: Symbol("x") }));
    expect([name, code]).toEqual(["Error", null]);
  });
});
