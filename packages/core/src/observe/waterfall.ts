import type { SerialCalls } from "../diagnose/serial-calls.ts";
import { ownFrames, shownFrame } from "./call-site.ts";
import type { RecordedCall } from "./records.ts";

/** So many keys of one command are written out on a line. */
const KEYS_SHOWN = 3;
const LONGEST_KEY = 40;

/**
 * The calls of a scope as text, a line for each round trip: when it began, how long it took, its commands with their keys, and where it was called.
 *
 * Characters that a terminal would act on are escaped: anybody may have chosen a key.
 */
export function waterfallText(calls: readonly RecordedCall[]): string {
  const trips = new Map<number, RecordedCall[]>();
  for (const call of calls) trips.set(call.roundTrip, [...(trips.get(call.roundTrip) ?? []), call]);
  const lines = [...trips].map(([trip, own]) => {
    const start = Math.min(...own.map(({ startedMs }) => startedMs));
    const end = Math.max(...own.map(({ startedMs, endedMs }) => endedMs ?? startedMs));
    return [`${trip}`, ms(start), ms(end - start), commandsOf(own), placeOf(own[0])] as const;
  });
  return inColumns([["trip", "at", "took", "commands", "called"], ...lines]);
}

/** What is found, as text: what it is, where, and what to write instead. */
export function serialCallsText({ kind, calls, savedMs }: SerialCalls): string {
  const [first] = calls;
  const { command = "", method = "" } = first ?? {};
  if (kind === "loop") {
    return [
      `Await in a loop: ${command} was called ${calls.length} times, each after the reply to the one before. Together they save about ${ms(savedMs)}.`,
      ...(first ? framesOf(first).map((frame) => `    at ${frame}`) : []),
      `  Call them together: await Promise.all(items.map((item) => redis.${method}(…)))`,
    ].join("\n");
  }
  return [
    `In series, though none holds anything of an earlier reply (a guess): together they save about ${ms(savedMs)}.`,
    ...calls.map((call) => `    ${call.command} at ${framesOf(call).slice(0, 2).join(" < ")}`),
    `  Call them together: await Promise.all([${calls.map((call) => `redis.${call.method}(…)`).join(", ")}])`,
  ].join("\n");
}

function commandsOf(calls: readonly RecordedCall[]): string {
  const kinds = new Map<string, RecordedCall[]>();
  for (const call of calls) {
    const kind = `${call.command}${call.commands > 1 ? ` of ${call.commands}` : ""}|${outcomeOf(call)}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), call]);
  }
  return [...kinds]
    .map(([kind, own]) => {
      const [what, outcome] = kind.split("|");
      const keys = own.flatMap(({ keys }) => keys);
      const more = keys.length > KEYS_SHOWN ? [`and ${keys.length - KEYS_SHOWN} more`] : [];
      const shown = [...keys.slice(0, KEYS_SHOWN).map(shownKey), ...more].join(", ");
      return [what, shown, outcome].filter((part) => part !== "").join(" ");
    })
    .join("; ");
}

function outcomeOf({ answeredBy, outcome, errorCode, errorName }: RecordedCall): string {
  if (outcome === "pending") return "(still waits)";
  if (outcome === "error") return `(failed: ${errorCode ?? errorName})`;
  if (answeredBy === "dedupe") return "(shared)";
  return answeredBy === "memo" ? "(from the memo)" : "";
}

function shownKey(key: string): string {
  const short = key.length > LONGEST_KEY ? `${key.slice(0, LONGEST_KEY - 1)}…` : key;
  return /^[\w:.{}@/-]+…?$/.test(short) ? short : escaped(short);
}

// JSON leaves the controls of the C1 range, and the marks that turn the direction of writing, as they are.
function escaped(key: string): string {
  return JSON.stringify(key).replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function placeOf(call: RecordedCall | undefined): string {
  const [frame] = call ? framesOf(call) : [];
  return frame === undefined ? "" : `at ${frame}`;
}

function framesOf({ callSite }: RecordedCall): string[] {
  return callSite === null ? [] : ownFrames(callSite).map(shownFrame).slice(0, 4);
}

const ms = (time: number): string => `${time.toFixed(1)} ms`;

function inColumns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}
