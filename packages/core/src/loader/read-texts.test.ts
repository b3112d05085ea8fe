import { describe, expect, it } from "vitest";
import { TickpipeError } from "../errors.ts";
import { isRefusal } from "./read-texts.ts";

describe("a read that fails", () => {
  it("is a miss, unless Tickpipe refuses the scope any call", () => {
    expect(isRefusal(new Error("Connection is closed."))).toBe(false);
    expect(isRefusal(new TickpipeError("ERR_TICKPIPE_OVERLOADED", "full"))).toBe(false);
    // Any other code: those of scopes that have ended, which are not the cache's fault.
    expect(isRefusal(new TickpipeError("ERR_TICKPIPE_PROPERTY_TAKEN", "ended"))).toBe(true);
  });
});
