import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { joinStrings, mergeWrites } from "./merge.ts";

const text = (chunk: string, encoding = "utf8") => ({ chunk, encoding });
const bytes = (chunk: Buffer) => ({ chunk, encoding: "buffer" });

describe("joinStrings", () => {
  it("joins neighbouring strings, and keeps Buffers whole and in place", () => {
    const [first, second] = [Buffer.from([0, 255]), Buffer.from("b")];
    const joined = joinStrings([text("a"), text("ä€"), bytes(first), bytes(second), text("c"), text("d")]);
    expect(joined).toEqual([text("aä€"), bytes(first), bytes(second), text("cd")]);
    expect(joined[1]?.chunk).toBe(first);
  });

  it("copies no string of more than 64 KiB, and none in another encoding", () => {
    const large = "x".repeat(64 * 1024 + 1);
    const joined = joinStrings([text("a"), text(large), text("b"), text("ff", "hex"), text("c")]);
    expect(joined).toEqual([text("a"), text(large), text("b"), text("ff", "hex"), text("c")]);
  });

  it("ends a joined string at 1 MiB", () => {
    const joined = joinStrings(Array.from({ length: 40 }, () => text("x".repeat(64 * 1024))));
    expect(joined.map(({ chunk }) => (chunk as string).length)).toEqual([1024 * 1024, 1024 * 1024, 512 * 1024]);
  });
});

describe("mergeWrites", () => {
  function socket(withWritev: boolean) {
    const written: unknown[] = [];
    const stream = new Writable({
      decodeStrings: false,
      write: (chunk, _encoding, done) => {
        written.push(chunk);
        done();
      },
      ...(withWritev && {
        writev: (chunks, done) => {
          written.push(chunks.map(({ chunk }) => chunk));
          done();
        },
      }),
    });
    mergeWrites(stream);
    mergeWrites(stream);
    stream.cork();
    return { stream, written };
  }

  it("writes strings alone as one string, and calls each one's callback", () => {
    const { stream, written } = socket(true);
    const called: string[] = [];
    for (const each of ["a", "b", "c"]) stream.write(each, () => called.push(each));
    stream.uncork();
    expect(written).toEqual(["abc"]);
    return new Promise<void>((resolve) => stream.end(resolve)).then(() => expect(called).toEqual(["a", "b", "c"]));
  });

  it("hands what is left to the stream's own _writev", () => {
    const { stream, written } = socket(true);
    for (const each of ["a", "b", Buffer.from("c"), "d"]) stream.write(each);
    stream.uncork();
    expect(written).toEqual([["ab", Buffer.from("c"), "d"]]);
  });

  it("leaves a stream alone that has no _writev", () => {
    const { stream, written } = socket(false);
    for (const each of ["a", "b"]) stream.write(each);
    stream.uncork();
    expect(written).toEqual(["a", "b"]);
  });
});
