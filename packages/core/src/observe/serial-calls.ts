import { isDeepStrictEqual } from "node:util";
import { effectOf } from "../commands/effects.ts";
import { framesOfResumed, ownFrames } from "./call-site.ts";
import type { CallSite, RecordedCall } from "./records.ts";

/** Calls of one scope that waited for each other without need, as far as its record shows. */
export interface SerialCalls {
  /**
   * - `"loop"`: the same call in the same place, one after another, for different keys: an `await` in a loop.
   * - `"series"`: reads one after another, none of which holds anything that an earlier reply brought. A guess: a reply may have decided
   *   whether the next read is made at all.
   */
  readonly kind: "loop" | "series";
  /** At least two, in order. */
  readonly calls: readonly RecordedCall[];
  /** About how many milliseconds one round trip for all of them would have saved. */
  readonly savedMs: number;
}

/** A nil, a number, an empty list or a short word: what a program may well decide by. */
const REPLY_OF_A_DECISION = 8;

/**
 * Finds calls that could have been made together, in calls that were recorded with `callSites` and `replyUses`.
 *
 * @param calls the calls of a record, all of them and in order
 */
export function serialCalls(calls: readonly RecordedCall[]): SerialCalls[] {
  const loops = callsByPlace(calls).flatMap((same) => (isLoop(calls, same) ? [found("loop", same)] : []));
  const inLoops = new Set(loops.flatMap((loop) => loop.calls));
  return [...loops, ...readsInSeries(calls, inLoops).map((reads) => found("series", reads))];
}

function found(kind: SerialCalls["kind"], calls: readonly RecordedCall[]): SerialCalls {
  const times = calls.map(({ startedMs, endedMs }) => (endedMs ?? startedMs) - startedMs);
  return { kind, calls, savedMs: times.reduce((sum, ms) => sum + ms, 0) - Math.max(...times) };
}

/** Calls of one method that one `await` may have made in turn, each group in order. */
function callsByPlace(calls: readonly RecordedCall[]): RecordedCall[][] {
  const byTop = new Map<string, RecordedCall[][]>();
  for (const call of calls) {
    if (call.callSite === null || !wasSent(call)) continue;
    const [top] = ownFrames(call.callSite);
    const place = `${call.method} ${top}`;
    const groups = byTop.get(place) ?? [];
    byTop.set(place, groups);
    const latest = groups.at(-1);
    if (latest !== undefined && wasCalledAgain(latest, call.callSite)) latest.push(call);
    else groups.push([call]);
  }
  return [...byTop.values()].flat();
}

/** Whether calls of one top frame go on with this one: the same frames, except that the first turn of a loop has whoever called its function below. */
function wasCalledAgain(earlier: readonly RecordedCall[], site: CallSite): boolean {
  const before = earlier.at(-1)?.callSite;
  if (!before) return false;
  const [framesBefore, frames] = [ownFrames(before), ownFrames(site)];
  if (earlier.length > 1) return isDeepStrictEqual(framesBefore.map(withoutAsync), frames.map(withoutAsync));
  const resumed = framesOfResumed(site) ?? frames.slice(0, 1);
  return resumed.length > 0 && resumed.every((frame, i) => frame === framesBefore[i]);
}

const withoutAsync = (frame: string): string => frame.replace(/^at async /, "at ");

function isLoop(all: readonly RecordedCall[], calls: readonly RecordedCall[]): boolean {
  const inTurn = calls.slice(1).every((call, i) => follows(call, calls[i]));
  if (!inTurn || new Set(calls.map(({ keys }) => keys.join("\n"))).size < 2) return false;
  // Some tools write stacks without saying where a function was resumed. Then two calls by one function, from two lines, look like a loop's first turns.
  const [, second] = calls;
  if (calls.length === 2 && second?.callSite && framesOfResumed(second.callSite) === null) return false;
  // Going from one reply to the next, as in a linked list. A number that is met by chance does not make it so.
  const dependent = calls.slice(1).filter((call, i) => uses(call, all.indexOf(calls[i] as RecordedCall)));
  return dependent.length * 2 < calls.length - 1;
}

/** Chains of reads, each of which could have been made with the one before it. */
function readsInSeries(calls: readonly RecordedCall[], inLoops: ReadonlySet<RecordedCall>): RecordedCall[][] {
  const chains: RecordedCall[][] = [];
  let chain: RecordedCall[] = [];
  const end = (): void => {
    if (chain.length > 1) chains.push(chain);
    chain = [];
  };
  for (const call of calls) {
    if (!wasSent(call) || inLoops.has(call)) continue;
    const before = chain.at(-1);
    // A write before it may have to come first, and what it comes to may be what the read is for.
    if (effectOf(call.command).kind !== "read") end();
    else if (before === undefined) chain = [call];
    else if (couldGoWith(call, before)) chain.push(call);
    else if (follows(call, before)) {
      end();
      chain = [call];
    }
  }
  end();
  return chains;
}

function couldGoWith(call: RecordedCall, before: RecordedCall): boolean {
  if (!follows(call, before) || before.outcome !== "ok" || before.replyBytes <= REPLY_OF_A_DECISION) return false;
  const isAskedAgain = call.command === before.command && call.keys.join("\n") === before.keys.join("\n");
  return !isAskedAgain && call.usesRepliesOf?.length === 0;
}

const wasSent = (call: RecordedCall): boolean => call.answeredBy === "redis" && call.commands > 0;

const uses = (call: RecordedCall, index: number): boolean => call.usesRepliesOf?.includes(index) ?? false;

function follows(call: RecordedCall, before: RecordedCall | undefined): boolean {
  const ended = before?.endedMs ?? null;
  return ended !== null && call.startedMs >= ended;
}
