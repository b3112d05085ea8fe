import { describe, expect, it } from "vitest";
import type { PendingCommand } from "../client.ts";
import { rejectUnheard, whenSettled, whenSettledOnCluster } from "./when-settled.ts";

const command = (told: unknown[] = []): PendingCommand => ({
  name: "get",
  args: [],
  resolve: (reply) => told.push(reply),
  reject: (error) => told.push(error),
});

describe("whenSettled", () => {
  it("tells all who wait, once, in the order in which they came, after the caller", () => {
    const told: unknown[] = [];
    const get = command(told);
    for (const name of ["first", "second"]) whenSettled(get, (error) => told.push([name, error]));
    get.resolve("reply");
    get.reject(new Error("late"));
    expect(told).toEqual(["reply", ["first", undefined], ["second", undefined], new Error("late")]);
  });

  it("tells a hundred thousand without overflowing the stack", () => {
    const get = command();
    let told = 0;
    for (let i = 0; i < 100_000; i++) whenSettled(get, () => told++);
    get.resolve("reply");
    expect(told).toBe(100_000);
  });

  it("tells those who come while the others are told, of the next time", () => {
    const get = command();
    const told: string[] = [];
    whenSettled(get, () => {
      told.push("first");
      whenSettled(get, () => told.push("second"));
    });
    get.reject(new Error("MOVED 1 127.0.0.1:1"));
    expect(told).toEqual(["first"]);
    get.resolve("reply");
    expect(told).toEqual(["first", "second"]);
  });

  it("tells also where another has wrapped or replaced both functions meanwhile", () => {
    const get = command();
    const told: string[] = [];
    whenSettled(get, () => told.push("first"));
    get.resolve = () => {};
    whenSettled(get, () => told.push("second"));
    get.resolve("reply");
    expect(told).toEqual(["first", "second"]);
  });

  it("on a Cluster does not count what is sent again", () => {
    const get = command();
    const told: unknown[] = [];
    whenSettledOnCluster(get, (error) => told.push(error));
    get.reject(new Error("MOVED 1 127.0.0.1:1"));
    get.reject(new Error("Connection is closed."));
    expect(told).toEqual([]);
    get.resolve("reply");
    expect(told).toEqual([undefined]);
  });

  it("does not tell where the promise alone is rejected", () => {
    const told: unknown[] = [];
    const get = command(told);
    whenSettled(get, () => told.push("settled"));
    rejectUnheard(get).call(get, "abandoned");
    expect(told).toEqual(["abandoned"]);
  });
});
