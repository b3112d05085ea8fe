import { describe, expect, it } from "vitest";
import { decodeText, encodeText, JSON_CODEC, type LoaderCodec } from "./codec.ts";
import { expiryMs, shortestExpiryMs } from "./expiry.ts";
import { isAbsence, newMark } from "./reserved-texts.ts";

const asItIs = { encode: (value: unknown) => value, decode: (text: string) => text } as LoaderCodec<unknown>;

describe("the text of a value", () => {
  it.each([0, "", false, [], { a: [1] }, "null", "\u0000null"])("is JSON and gives an equal value: %j", (value) => {
    const text = encodeText(JSON_CODEC, value);
    expect(text).toBe(JSON.stringify(value));
    expect(isAbsence(text)).toBe(false);
    expect(decodeText(JSON_CODEC, text)).toEqual(value);
  });

  it.each([null, undefined])("tells the absence %s from all values, whatever the codec", (value) => {
    const text = encodeText(asItIs, value);
    expect(isAbsence(text)).toBe(true);
    expect(decodeText(asItIs, text)).toBe(value);
  });

  it("cannot be one that stands for absence, nor anything but a string", () => {
    expect(() => encodeText(asItIs, encodeText(asItIs, null))).toThrow("the text that stands for absence");
    expect(() => encodeText(asItIs, 5)).toThrow("Expected the loader's codec to make a string, got a number");
    expect(() => encodeText(asItIs, newMark())).toThrow("one that begins as the loader's marks do");
    expect(() => encodeText(asItIs, Promise.reject(new Error("unheard")))).toThrow("got an instance of Promise");
    expect(() => encodeText(JSON_CODEC, () => {})).toThrow("got a function");
    expect(() => encodeText(JSON_CODEC, 1n)).toThrow("BigInt");
  });
});

describe("the time to live", () => {
  const times = { ttl: 10, negativeTtl: 1, jitter: 0.2 };
  it("is shortened at random, by no more than the jitter", () => {
    expect(expiryMs("1", times, () => 0)).toBe(10_000);
    expect(expiryMs("1", times, () => 0.5)).toBe(9_000);
    expect(expiryMs("1", times, () => 0.999999)).toBe(8_000);
    expect([shortestExpiryMs(times), shortestExpiryMs({ ...times, negativeTtl: null })]).toEqual([800, 8_000]);
  });

  it("is another for absence, or none", () => {
    const absence = encodeText(JSON_CODEC, null);
    expect(expiryMs(absence, times, () => 0)).toBe(1_000);
    expect(expiryMs(absence, { ...times, negativeTtl: null })).toBeNull();
  });

  it("is a millisecond at least", () => {
    expect(expiryMs("1", { ...times, ttl: 0.0001 })).toBe(1);
  });
});
