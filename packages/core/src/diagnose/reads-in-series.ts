import type { RecordedCall } from "../observe/records.ts";
import { movabilityOf } from "./movability.ts";
import { endedBefore, hasWaited, questionOf, uses } from "./waits.ts";

/** A nil, a number, an empty list or a short word: what a program may well decide by. */
const REPLY_OF_A_DECISION = 8;

/** Calls of one place, made again and again. */
interface Repeated {
  /** Those that another finding is about. */
  readonly inLoops: ReadonlySet<RecordedCall>;
  /** Those, and the ones that have to be made in turn, as far as the record shows. */
  readonly inTurn: ReadonlySet<RecordedCall>;
}

/** Finds chains of reads, each of which could have been made with the one before it. */
export function readsInSeries(all: readonly RecordedCall[], { inLoops, inTurn }: Repeated): RecordedCall[][] {
  const chains: RecordedCall[][] = [];
  const asked = new Set<string>();
  let chain: RecordedCall[] = [];
  const end = (): void => {
    if (chain.length > 1) chains.push(chain);
    chain = [];
  };
  for (const call of all) {
    if (!hasWaited(call) || inLoops.has(call)) continue;
    const before = chain.at(-1);
    // The same question again waits for another answer, or could have had the first one: that is another finding.
    const isNew = !asked.has(questionOf(call));
    asked.add(questionOf(call));
    if (movabilityOf(call.command) !== "read" || inTurn.has(call)) {
      // A write before a read may have to come first, and what a call waits for may be what the read is for.
      end();
    } else if (before === undefined) chain = isNew ? [call] : [];
    else if (isNew && couldGoWith(all, call, before)) chain.push(call);
    else if (endedBefore(before, call)) {
      end();
      if (isNew) chain = [call];
    }
  }
  end();
  return chains;
}

function couldGoWith(all: readonly RecordedCall[], call: RecordedCall, before: RecordedCall): boolean {
  if (!endedBefore(before, call) || before.outcome !== "ok" || before.replyBytes <= REPLY_OF_A_DECISION) return false;
  if (call.usesRepliesOf?.length !== 0) return false;
  // One of several that are made of a reply may hold nothing of it, as the first of a page whose number was asked for.
  const earlier = all.indexOf(before);
  return !all.some((each) => each.roundTrip === call.roundTrip && each.method === call.method && uses(each, earlier));
}
