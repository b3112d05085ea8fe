/**
 * The seed of a test's first program: that of the variable SEED; in CI always the same, so that a run that fails is about the change; else another
 * each time. `pnpm soak` looks for more.
 */
export function firstSeed(): number {
  const { SEED, CI } = process.env;
  if (SEED) return Number(SEED);
  return CI ? 1 : Math.floor(Math.random() * 2 ** 31);
}
