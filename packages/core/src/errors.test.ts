import { expect, describe as group, it } from "vitest";
import { describe, describeKind, TickpipeError, TickpipeTypeError } from "./errors.ts";

group("errors", () => {
  it("carry a stable code and name, and are what they say", () => {
    const error = new TickpipeError("ERR_TICKPIPE_AUTOPIPELINING", "why");
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "TickpipeError", code: "ERR_TICKPIPE_AUTOPIPELINING", message: "why" });
    const typeError = new TickpipeTypeError("ERR_TICKPIPE_INVALID_OPTION", "what");
    expect(typeError).toBeInstanceOf(TypeError);
    expect(typeError).toMatchObject({ name: "TickpipeTypeError", code: "ERR_TICKPIPE_INVALID_OPTION" });
  });

  it.each([
    [undefined, "undefined"],
    [null, "null"],
    [true, "true"],
    [5, "the number 5"],
    [Number.NaN, "the number NaN"],
    [5n, "the bigint 5"],
    ["soon", 'the string "soon"'],
    [Symbol("secret"), "a symbol"],
    [class Redis {}, "the function Redis"],
    [() => {}, "a function"],
    [["a"], "an array"],
    [{ a: 1 }, "an object"],
    [Object.create(null), "an object"],
    [new Map(), "an instance of Map"],
  ])("tell the kind of %s", (value, said) => {
    expect(describe(value)).toBe(said);
  });

  it.each([
    ["secret", "a string"],
    [5, "a number"],
    [5n, "a bigint"],
    [true, "a boolean"],
    [null, "null"],
    [new Map(), "an instance of Map"],
  ])("tell nothing but the kind of what may be a key or a value: %s", (value, said) => {
    expect(describeKind(value)).toBe(said);
  });

  it.each(["redis://user:hunter2@host:6379", "two words", "", "x".repeat(33)])("never quote %j", (value) => {
    expect(describe(value)).toBe("a string");
  });
});
