import type { Observation } from "./run-program.ts";
import { shortened } from "./text-of.ts";

/** Something that is not the same on both sides, or wrong on both. */
export interface Divergence {
  readonly what: string;
  readonly plain: string;
  readonly wrapped: string;
}

export interface Comparison {
  /** Whether the wrapped side may leave this command out, as line of MONITOR: a read that it shared. By default none. */
  readonly mayBeShared?: (line: string) => boolean;
  /** Whether a script may be sent by its text where the other side sends its digest: a call that is kept is made when more is known. */
  readonly scriptsAlike?: boolean;
  /** Whether the order of settling is compared. Default true. */
  readonly settling?: boolean;
}

/** Everything in which the wrapped client was not the plain one. */
export function compare(
  plain: Observation,
  wrapped: Observation,
  { mayBeShared, scriptsAlike = false, settling = true }: Comparison = {},
): Divergence[] {
  const threads = plain.outcomes.map((_, thread) => thread);
  const commandsOf = ({ commands }: Observation, thread: number): readonly string[] =>
    scriptsAlike ? (commands[thread] ?? []).map(withoutScript) : (commands[thread] ?? []);
  return [
    ...threads.flatMap((thread) => [
      ...sameList(`outcome in thread ${thread}`, plain.outcomes[thread], wrapped.outcomes[thread]),
      ...(settling
        ? sameList(`order of settling in thread ${thread}`, plain.order[thread], wrapped.order[thread])
        : []),
      ...sameList(
        `command seen by the server, of thread ${thread}`,
        withoutShared(commandsOf(plain, thread), commandsOf(wrapped, thread), mayBeShared),
        commandsOf(wrapped, thread),
      ),
    ]),
    ...sameList("key", plain.data, wrapped.data),
    ...sameList("unhandled error", plain.strayErrors, wrapped.strayErrors),
    ...sameList("rest in the client", [restOf(plain)], [restOf(wrapped)]),
    ...sameList("rest in the client, where none may be", [NO_REST], [restOf(wrapped)]),
  ];
}

function withoutScript(line: string): string {
  return line.replace(/^(\[\d+\]) "(?:eval|evalsha)" "(?:[^"\\]|\\.)*"/i, "$1 a script");
}

const NO_REST = "0 commands in flight, 0 offline, corked 0 times, all calls settled";

function restOf({ left: { inFlight, offline, corked }, stuck }: Observation): string {
  return `${inFlight} commands in flight, ${offline} offline, corked ${corked} times, ${stuck ?? "all calls settled"}`;
}

/** What the plain side's server saw, less what the wrapped side was free to leave out and did. */
function withoutShared(
  plain: readonly string[],
  wrapped: readonly string[],
  mayBeShared: Comparison["mayBeShared"],
): readonly string[] {
  if (!mayBeShared) return plain;
  let next = 0;
  return plain.filter((line) => {
    if (line === wrapped[next]) {
      next += 1;
      return true;
    }
    return !mayBeShared(line);
  });
}

/** The first place where two lists differ. */
function sameList(what: string, plain: readonly string[] = [], wrapped: readonly string[] = []): Divergence[] {
  const length = Math.max(plain.length, wrapped.length);
  for (let index = 0; index < length; index += 1) {
    const [one = "(nothing)", other = "(nothing)"] = [plain[index], wrapped[index]];
    if (one !== other) return [{ what: `${what}, number ${index}`, plain: one, wrapped: other }];
  }
  return [];
}

export function printDivergence({ what, plain, wrapped }: Divergence): string {
  return `${what}\n  plain:   ${shortened(plain)}\n  wrapped: ${shortened(wrapped)}`;
}
