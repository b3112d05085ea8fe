import { isDeepStrictEqual } from "node:util";
import { framesOfResumed, ownFrames } from "../observe/call-site.ts";
import type { CallSite, RecordedCall } from "../observe/records.ts";
import { movabilityOf } from "./movability.ts";
import { readsInSeries } from "./reads-in-series.ts";
import { endedBefore, hasWaited, questionOf, uses } from "./waits.ts";

/** Reads of one scope that waited for each other without need, as far as its record shows. */
export interface SerialCalls {
  /**
   * - `"loop"`: the same read in the same place, one after another, for different keys: an `await` in a loop.
   * - `"series"`: reads one after another, none of which holds anything that an earlier reply brought.
   *
   * Both are guesses: a reply may have decided whether the next read is made at all.
   */
  readonly kind: "loop" | "series";
  /** At least two, in order. */
  readonly calls: readonly RecordedCall[];
  /** About how many milliseconds one round trip for all of them would have saved. */
  readonly savedMs: number;
}

/** What `sizeOfReply` makes of nil, of a number and of an empty list. */
const NOTHING = 8;

/**
 * Finds reads that could have been made together, in calls that were recorded with `callSites` and `replyUses`. Calls that wait on the server, that write, or
 * whose order matters otherwise are not among them.
 *
 * @param calls the calls of a record, all of them and in order
 */
export function serialCalls(calls: readonly RecordedCall[]): SerialCalls[] {
  const groups = readsByPlace(calls).filter(({ length }) => length > 1);
  const loops = groups.filter((same) => isLoop(calls, same));
  const series = readsInSeries(calls, { inLoops: new Set(loops.flat()), inTurn: new Set(groups.flat()) });
  return [...loops.map((reads) => found("loop", reads)), ...series.map((reads) => found("series", reads))];
}

function found(kind: SerialCalls["kind"], calls: readonly RecordedCall[]): SerialCalls {
  const times = calls.map(({ startedMs, endedMs }) => (endedMs ?? startedMs) - startedMs);
  return { kind, calls, savedMs: times.reduce((sum, ms) => sum + ms, 0) - Math.max(...times) };
}

/** Reads of one method that one `await` may have made in turn, each group in order. */
function readsByPlace(calls: readonly RecordedCall[]): RecordedCall[][] {
  const byTop = new Map<string, RecordedCall[][]>();
  for (const call of calls) {
    if (call.callSite === null || !hasWaited(call) || movabilityOf(call.command) !== "read") continue;
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
  const resumed = framesOfResumed(site) ?? frames.slice(0, 1);
  // Two calls of a helper that awaits something first are resumed alike, in the helper, and differ in who called it.
  if (earlier.length > 1 || framesOfResumed(before)?.length === resumed.length) {
    return isDeepStrictEqual(framesBefore.map(withoutAsync), frames.map(withoutAsync));
  }
  return resumed.length > 0 && resumed.every((frame, i) => frame === framesBefore[i]);
}

const withoutAsync = (frame: string): string => frame.replace(/^at async /, "at ");

function isLoop(all: readonly RecordedCall[], calls: readonly RecordedCall[]): boolean {
  // Several keys in each call are a portion: a size that somebody chose.
  if (calls.some(({ keys }) => keys.length !== 1) || new Set(calls.map(questionOf)).size < 2) return false;
  if (!calls.slice(1).every((call, i) => endedBefore(calls[i], call))) return false;
  // Some tools write stacks without saying where a function was resumed. Then two calls by one function, from two lines, look like a loop's first turns.
  const second = calls[1]?.callSite;
  if (calls.length === 2 && second && framesOfResumed(second) === null) return false;
  return !isInterrupted(all, calls) && !endsByReply(calls) && !isChain(all, calls);
}

/** What a loop reads may have to wait for what it has just written, or waited for. */
function isInterrupted(all: readonly RecordedCall[], calls: readonly RecordedCall[]): boolean {
  const [from, to] = [all.indexOf(calls[0] as RecordedCall), all.indexOf(calls.at(-1) as RecordedCall)];
  return all.slice(from, to).some(({ command }) => movabilityOf(command) !== "read");
}

/** Whether the last reply alone brought something, or alone brought nothing: then it may be what ended the loop, as in a search for the first that exists. */
function endsByReply(calls: readonly RecordedCall[]): boolean {
  const [last, ...others] = calls.map(({ replyBytes }) => replyBytes === NOTHING).reverse();
  return others.every((broughtNothing) => broughtNothing !== last);
}

/** Going from a reply to what it names, as in a linked list or a tree. A number that is met by chance does not make it so. */
function isChain(all: readonly RecordedCall[], calls: readonly RecordedCall[]): boolean {
  const own = calls.map((call) => all.indexOf(call));
  const dependent = calls.slice(1).filter((call) => own.some((index) => uses(call, index)));
  return dependent.length * 2 >= calls.length - 1;
}
