import type { SubjectRounds } from "./results.ts";

/** The order of a round. Each begins with another subject, so that none always runs in the shadow of the same. */
export function inOrderOf<Subject>(round: number, subjects: readonly Subject[]): Subject[] {
  const first = round % subjects.length;
  return [...subjects.slice(first), ...subjects.slice(0, first)];
}

/**
 * Has each of some subjects measure as many rounds, one round of one after one of another.
 *
 * @param measure one round of one subject
 * @param deadline on the clock of `performance.now()`: no further round begins after it; at least one is measured
 */
export async function takeTurns<Subject extends { readonly name: string }, Round>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject) => Promise<Round | null>,
  deadline: number = Number.POSITIVE_INFINITY,
): Promise<SubjectRounds<Round>[]> {
  const measured = new Map(subjects.map(({ name }) => [name, [] as Round[]]));
  for (let round = 0; round < rounds && (round === 0 || performance.now() < deadline); round++) {
    for (const subject of inOrderOf(round, subjects)) {
      const measurement = await measure(subject);
      if (measurement !== null) measured.get(subject.name)?.push(measurement);
    }
    process.stderr.write(".");
  }
  process.stderr.write("\n");
  return [...measured].map(([name, rounds]) => ({ name, rounds }));
}

/**
 * The same, after a round of each that warms it up and is not counted.
 *
 * @param withinMillis how long all may take, as `deadline` above
 * @param measure one round of one subject; `null` if it cannot, which leaves it out
 */
export async function takeTurnsWarm<Subject extends { readonly name: string }, Round>(
  subjects: readonly Subject[],
  rounds: number,
  withinMillis: number,
  measure: (subject: Subject) => Promise<Round | null>,
): Promise<SubjectRounds<Round>[]> {
  const deadline = performance.now() + withinMillis;
  const able: Subject[] = [];
  for (const subject of subjects) if ((await measure(subject)) !== null) able.push(subject);
  return takeTurns(able, rounds, measure, deadline);
}
