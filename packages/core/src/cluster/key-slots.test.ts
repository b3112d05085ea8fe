import { describe, expect, it } from "vitest";
import { sharedSlot, slotOfKey } from "./key-slots.ts";

describe("slots of keys", () => {
  // From the Redis Cluster specification, and CLUSTER KEYSLOT of a server.
  it.each<[string | number | Buffer, unknown, number]>([
    ["123456789", "", 12739],
    ["foo", undefined, 12182],
    ["{foo}bar", "", 12182],
    [Buffer.from("foo"), "", 12182],
    ["o", "fo", 12182],
    [Buffer.from("o"), "fo", 12182],
    ["o", Buffer.from("fo"), 12182],
    ["bar", "{foo}", 12182],
    [6789, "12345", 12739],
    ["{}foo", "", 9500],
  ])("of %j with the prefix %j", (key, prefix, slot) => {
    expect(slotOfKey(key, prefix)).toBe(slot);
  });

  it("are shared by keys with one hash tag, and by no others", () => {
    expect(sharedSlot(["{t}a", Buffer.from("{t}b")], "")).toBe(slotOfKey("t", ""));
    expect(sharedSlot(["a", "b"], "")).toBeNull();
    expect(sharedSlot(["a", "b"], "{t}")).toBe(slotOfKey("t", ""));
  });
});
