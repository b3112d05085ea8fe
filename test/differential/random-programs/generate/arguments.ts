import fc, { type Arbitrary } from "fast-check";

/** The types of data; a thread has two keys for each, so that calls meet. */
export const TYPES = ["string", "hash", "list", "set", "zset", "stream"] as const;
export type KeyType = (typeof TYPES)[number];

/** Names of keys: most calls take a key of their own type, and some any key, for WRONGTYPE. */
export interface Keys {
  of(type: KeyType): Arbitrary<string | Buffer>;
  names(type: KeyType): readonly string[];
  readonly any: Arbitrary<string | Buffer>;
  /** Whether other threads have keys of theirs, so that nothing else may stand where a command takes a key. */
  readonly areOfOneThread: boolean;
}

export function keysWith(prefix: string): Keys {
  const namesOf = (type: KeyType): string[] => [1, 2].map((number) => `${prefix}${type}${number}`);
  const any = asTextOrBytes(fc.constantFrom(...TYPES.flatMap(namesOf)));
  const own = new Map(TYPES.map((type) => [type, asTextOrBytes(fc.constantFrom(...namesOf(type)))]));
  return {
    of: (type) => fc.oneof({ weight: 7, arbitrary: own.get(type) ?? any }, { weight: 1, arbitrary: any }),
    names: namesOf,
    any,
    areOfOneThread: prefix !== "",
  };
}

function asTextOrBytes(text: Arbitrary<string>): Arbitrary<string | Buffer> {
  return fc.oneof({ weight: 5, arbitrary: text }, { weight: 1, arbitrary: text.map((each) => Buffer.from(each)) });
}

/** Numbers as callers write them: as numbers, strings and Buffers. */
export function asNumberOrText(number: Arbitrary<number>): Arbitrary<unknown> {
  return fc.oneof(
    { weight: 3, arbitrary: number },
    { weight: 2, arbitrary: number.map(String) },
    { weight: 1, arbitrary: number.map((each) => Buffer.from(String(each))) },
  );
}

export const smallInteger: Arbitrary<unknown> = asNumberOrText(fc.integer({ min: -3, max: 6 }));
export const count: Arbitrary<unknown> = asNumberOrText(fc.integer({ min: 0, max: 4 }));
export const offset: Arbitrary<unknown> = asNumberOrText(fc.integer({ min: 0, max: 40 }));
export const score: Arbitrary<unknown> = asNumberOrText(fc.constantFrom(-1.5, 0, 1, 2, 2.25, 1e20));

/** Short texts: a hash or a sorted set with longer ones takes an encoding of which the order is random on each server. */
const shortText: Arbitrary<string> = fc.oneof(
  fc.constantFrom("", "a", "b", "10", "-3", "2.5", "tëxt €", "\r\n$1\r\n", "\ud800 alone", "\u{1f600}"),
  fc.string({ maxLength: 6 }),
);
const shortBytes: Arbitrary<Buffer> = fc
  .oneof(fc.constantFrom([0, 255, 13, 10], [0xc3, 0x28], []), fc.array(fc.nat(255), { maxLength: 5 }))
  .map((bytes) => Buffer.from(bytes));

/** Names of fields and members: few, so that they are met again. */
export const member: Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "ç", "10") },
  { weight: 1, arbitrary: fc.constantFrom(Buffer.from("a"), Buffer.from([255, 0]), 10) },
);

/** Members of a set: integers, since of all sets of Redis 7.0 only those of integers have an order. */
export const setMember: Arbitrary<unknown> = asNumberOrText(fc.integer({ min: -2, max: 9 }));

export const shortValue: Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: shortText },
  { weight: 3, arbitrary: shortBytes },
  { weight: 3, arbitrary: asNumberOrText(fc.integer({ min: -5, max: 100 })) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(1.5, -0, Number.NaN, 1e21, 2 ** 53, 2 ** 60, 10n ** 20n) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, undefined, true, new Uint8Array([1, 2])) },
);

/** A string's value: at times longer than the strings that Tickpipe joins (64 KiB), or than ioredis sends in one piece. */
export const value: Arbitrary<unknown> = fc.oneof(
  { weight: 40, arbitrary: shortValue },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>("long ".repeat(60), 1e300, Symbol("symbol"), Buffer.alloc(300, 200)),
  },
  { weight: 1, arbitrary: fc.constantFrom("é".repeat(40_000), Buffer.alloc(70_000, 1)) },
);

/** Times are absolute and far away, or long gone: both servers must see the same. */
export const seconds: Arbitrary<unknown> = asNumberOrText(fc.constantFrom(4_102_444_800, 4_102_444_801, 1));

class Untextable {
  toString(): string {
    throw new RangeError("not today");
  }
}

/** Arguments that cannot be made strings, with which even making the command fails. */
export const POISONS: readonly unknown[] = [
  Object.freeze({ toString: 1 }),
  Object.freeze(Object.create(null)),
  // Of a class: as an object of fields, as HSET takes them, it must have none.
  Object.freeze(new Untextable()),
];
