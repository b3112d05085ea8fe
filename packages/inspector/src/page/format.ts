import type { FindingView, PlaceView, RequestSummary } from "../view-model.ts";

/** What a kind of finding is called: in the list, and as a heading. */
export const KINDS: Readonly<Record<FindingView["kind"], { readonly short: string; readonly title: string }>> = {
  "await-in-loop": { short: "loop", title: "Await in a loop" },
  "calls-in-series": { short: "series", title: "Independent calls in series" },
  "read-twice": { short: "read twice", title: "The same read twice" },
  "batch-of-one": { short: "batch of one", title: "Batch of one" },
  "big-reply": { short: "big reply", title: "A big reply" },
  "behind-blocking": { short: "behind a block", title: "Behind a blocking call" },
  "slow-command": { short: "slow", title: "A slow command" },
};

/** Milliseconds without their unit: as many digits as tell something. */
export function millis(ms: number): string {
  if (ms >= 100) return ms.toFixed(0);
  return ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});

export const clock = (ms: number): string => CLOCK.format(ms);

export const counted = (count: number, one: string, many: string = `${one}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`;

export const place = ({ file, line }: PlaceView): string => `${file}:${line}`;

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const kilo = count / 1024;
  return kilo < 1024 ? `${kilo.toFixed(kilo < 10 ? 1 : 0)} KiB` : `${(kilo / 1024).toFixed(1)} MiB`;
}

/** Whether a request is among those that somebody looks for, by a word of its line in the list. */
export function matches(request: RequestSummary, words: string): boolean {
  const text = [
    ...[request.method ?? "scope", request.route, request.status ?? "closed"],
    ...request.findings.map((kind) => KINDS[kind].short),
  ]
    .join(" ")
    .toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
