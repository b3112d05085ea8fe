import { describe, expect, it } from "vitest";
import { Ending, type EndingOptions } from "./ending.ts";

const ending = (options: Partial<EndingOptions> = {}): Ending =>
  new Ending({ signal: undefined, abortable: false, deadlineMs: undefined, ...options }, false);
const never = new Promise(() => {});

describe("Ending", () => {
  it("keeps the first reason, and tells it to each late call by an error of its own", () => {
    const cause = new RangeError("hung up");
    const end = ending({ abortable: true });
    end.abort(cause);
    end.abort(new Error("again"));
    end.close();
    expect([end.refusal, end.error().code, end.error().cause]).toEqual(["aborted", "ERR_TICKPIPE_ABORTED", cause]);
    expect(end.error()).not.toBe(end.error());
    const closed = ending();
    closed.close();
    closed.abort(cause);
    expect([closed.hasEnded, closed.refusal]).toEqual([true, null]);
  });

  it("follows a signal, also one that was aborted before", async () => {
    const early = ending({ signal: AbortSignal.abort("gone") });
    expect([early.refusal, early.error().cause]).toEqual(["aborted", "gone"]);
    const controller = new AbortController();
    const end = ending({ signal: controller.signal });
    const call = end.interruptible(never, null, null);
    controller.abort("later");
    await expect(call).rejects.toMatchObject({ code: "ERR_TICKPIPE_ABORTED", cause: "later" });
  });

  it("lets go of its signal when it is closed, and interrupts nothing that finishes however it ends", async () => {
    const controller = new AbortController();
    const end = ending({ signal: controller.signal });
    end.close();
    controller.abort();
    expect([end.hasEnded, end.refusal]).toEqual([true, null]);
    const plain = ending();
    expect(plain.caller).toBeNull();
    expect(plain.interruptible(never, null, null)).toBe(never);
    plain.abort("nobody waits");
    expect(plain.refusal).toBe("aborted");
  });
});
