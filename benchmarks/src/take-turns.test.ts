import { expect, it } from "vitest";
import { takeTurns, takeTurnsWarm } from "./take-turns.ts";

const subjects = [{ name: "a" }, { name: "b" }, { name: "c" }];

/** Measures its how-manieth turn it is, and `null` for one that cannot. */
function turns(unable?: string) {
  const taken: string[] = [];
  const measure = async ({ name }: { name: string }): Promise<number | null> => {
    if (name === unable) return null;
    return taken.push(name);
  };
  return { taken, measure };
}

it("begins each round with another subject, and keeps the rounds of each side by side", async () => {
  const { taken, measure } = turns();
  expect(await takeTurns(subjects, 3, measure)).toEqual([
    { name: "a", rounds: [1, 6, 8] },
    { name: "b", rounds: [2, 4, 9] },
    { name: "c", rounds: [3, 5, 7] },
  ]);
  expect(taken.join("")).toBe("abcbcacab");
});

it("does not count the rounds that warm up, and leaves out who cannot", async () => {
  const { taken, measure } = turns("b");
  expect(await takeTurnsWarm(subjects, 1, Number.POSITIVE_INFINITY, measure)).toEqual([
    { name: "a", rounds: [3] },
    { name: "c", rounds: [4] },
  ]);
  expect(taken.join("")).toBe("acac");
});

it("measures one round at least when its time is over, and no more", async () => {
  const { taken, measure } = turns();
  await takeTurns(subjects, 3, measure, performance.now());
  expect(taken.join("")).toBe("abc");
});
