import { describe, expect, it } from "vitest";
import { asError, copyError } from "./own-error.ts";

class NotAllowed extends Error {
  readonly status = 403;
}

describe("a copied error", () => {
  it("is of the same class, with the same message, stack and properties", () => {
    const error = new NotAllowed("no", { cause: "why" });
    const copy = copyError(error);
    expect(copy).toBeInstanceOf(NotAllowed);
    expect(copy).toMatchObject({ message: "no", status: 403, cause: "why" });
    expect(copy.stack).toBe(error.stack);
    expect(String(copy)).toBe(String(error));
  });

  it("is not the same: what is written on it does not reach the original", () => {
    const error = new NotAllowed("no");
    Object.assign(copyError(error), { status: 500, requestId: 1 });
    expect(error).toMatchObject({ status: 403 });
    expect(error).not.toHaveProperty("requestId");
  });
});

describe("what is not an error", () => {
  it("becomes the cause of one that does not quote it", () => {
    const error = asError("the password is hunter2");
    expect(error).toMatchObject({ code: "ERR_TICKPIPE_LOADER_RESULT", cause: "the password is hunter2" });
    expect(error.message).not.toContain("hunter2");
    const own = new Error("own");
    expect(asError(own)).toBe(own);
  });
});
