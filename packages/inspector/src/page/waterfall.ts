import type { CallView, RequestDetail } from "../view-model.ts";
import { bytes, counted, millis, place } from "./format.ts";
import { html } from "./html.ts";
import type { VNode } from "./library/preact.js";
import { useMemo, useState } from "./library/preact-hooks.js";

/** A longer waterfall is shown in parts: nobody reads a thousand lines at once. */
const FIRST_ROWS = 200;

interface Band {
  readonly roundTrip: number;
  readonly from: number;
  readonly to: number;
}

/** The calls of a request: time from left to right, a band for each round trip, a bar for each call. */
export function Waterfall({
  request,
  marked,
}: {
  readonly request: RequestDetail;
  readonly marked: ReadonlySet<number>;
}): VNode {
  const { calls, totalMs, droppedCalls } = request;
  const [isWhole, setWhole] = useState(false);
  const endMs = useMemo(
    () => Math.max(totalMs, 0.01, ...calls.map((call) => call.endedMs ?? call.startedMs)),
    [request],
  );
  const bands = useMemo(() => bandsOf(calls), [request]);
  const percent = (ms: number): string => `${(ms / endMs) * 100}%`;
  const prefix = useMemo(() => commonPrefix(calls.flatMap(({ keys }) => keys)), [request]);
  const rows = isWhole ? calls : calls.slice(0, FIRST_ROWS);
  return html`
    <div class="waterfall" role="table" aria-label="Calls, in the order in which they were made" aria-rowcount=${calls.length + 1}>
      <div class="bands" aria-hidden="true">
        ${bands.map(
          ({ roundTrip, from, to }) => html`
            <div class=${roundTrip % 2 === 1 ? "band odd" : "band"} key=${roundTrip} style=${{ left: percent(from), width: percent(to - from) }}>
              ${(to - from) / endMs > 0.03 && html`<span>${roundTrip}</span>`}
            </div>
          `,
        )}
      </div>
      <div role="row" class="head" aria-rowindex="1">
        <span role="columnheader" class="index"><span class="unseen">Number</span></span>
        <span role="columnheader">Call</span>
        <span role="columnheader" class="trip"><abbr title="Round trip">Trip</abbr></span>
        <span role="columnheader" class="took">Took <span class="unit">ms</span></span>
        <span role="columnheader" class="line"><span class="unseen">Time line</span><${Axis} endMs=${endMs} /></span>
      </div>
      ${rows.map((call, at) => html`<${Row} key=${at} call=${call} at=${at} isMarked=${marked.has(at)} endMs=${endMs} prefix=${prefix} percent=${percent} />`)}
    </div>
    ${
      rows.length < calls.length &&
      html`<button type="button" class="more" onClick=${() => setWhole(true)}>Show ${counted(calls.length - rows.length, "more call")}</button>`
    }
    ${droppedCalls > 0 && html`<p class="note">${counted(droppedCalls, "more call was", "more calls were")} made and not recorded.</p>`}
    ${prefix !== "" && html`<p class="note">…: all keys begin with <code>${shortened(prefix)}</code></p>`}
    <p class="legend" aria-hidden="true">
      <span><i class="bar"></i> sent to Redis</span>
      <span><i class="bar dedupe"></i> shared a reply of the same tick</span>
      <span><i class="bar memo"></i> from the memo</span>
      <span><i class="bar error"></i> failed</span>
      <span><i class="bar marked"></i> of the chosen finding</span>
    </p>
  `;
}

interface RowProps {
  readonly call: CallView;
  readonly at: number;
  readonly isMarked: boolean;
  readonly endMs: number;
  /** What all keys begin with, and is left out of each. */
  readonly prefix: string;
  readonly percent: (ms: number) => string;
}

function Row({ call, at, isMarked, endMs, prefix, percent }: RowProps): VNode {
  const { method, keys, commands, roundTrip, startedMs, endedMs, answeredBy, error, replyBytes, outcome } = call;
  const ended = endedMs ?? startedMs;
  const kind = [isMarked && "marked", answeredBy !== "redis" && answeredBy, error !== null && "error"]
    .filter(Boolean)
    .join(" ");
  const [key = "", ...others] = keys;
  // At the right there is no room for the name of an error.
  const isLate = ended > endMs * 0.8;
  return html`
    <div role="row" class=${isMarked ? "row marked" : "row"} aria-rowindex=${at + 2} id=${`call-${at}`}>
      <span role="cell" class="index">${at + 1}</span>
      <span role="cell" class="call" title=${tellOf(call)}>
        <b>${method}</b> <span class="key">${key !== "" && prefix !== "" ? "…" : ""}${shortened(key.slice(prefix.length))}</span>
        ${others.length > 0 && html`<span class="note"> +${others.length}</span>`}
        ${commands > 1 && html`<span class="note"> ${counted(commands, "command")}</span>`}
      </span>
      <span role="cell" class="trip">${roundTrip}</span>
      <span role="cell" class="took">${
        answeredBy === "memo"
          ? "memo"
          : answeredBy === "dedupe"
            ? "shared"
            : endedMs === null
              ? "…"
              : millis(ended - startedMs)
      }</span>
      <span role="cell" class="line">
        <i class=${`bar ${kind}`} style=${{ left: percent(startedMs), width: percent(ended - startedMs) }}></i>
        <span class="unseen">from ${millis(startedMs)} ms${isMarked ? ", of the chosen finding" : ""}, reply ${bytes(replyBytes)}</span>
        ${outcome === "error" && html`<em class=${isLate ? "failure before" : "failure"} style=${isLate ? { right: percent(endMs - startedMs) } : { left: percent(ended) }}>${error ?? "failed"}</em>`}
      </span>
    </div>
  `;
}

function tellOf({ method, keys, at, replyBytes }: CallView): string {
  const line = at === null ? "" : `\n${place(at)}${at.functionName === null ? "" : ` in ${at.functionName}`}`;
  return `${method} ${keys.map(shortened).join(" ")}\nreply of about ${bytes(replyBytes)}${line}`;
}

/** A key may be anything, and as long as it likes: what cannot be printed is shown as a code, and the rest is cut. */
function shortened(key: string): string {
  const cut = key.length > 120 ? `${key.slice(0, 119)}…` : key;
  return cut.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Shorter ones take no room that is missed. */
const WORTH_LEAVING_OUT = 8;

/** What all of several keys begin with, up to a colon: mostly the name of the service, which says nothing here. */
function commonPrefix(keys: readonly string[]): string {
  const [first = ""] = keys;
  let length = first.length;
  for (const key of keys) {
    while (!key.startsWith(first.slice(0, length))) length -= 1;
  }
  const prefix = first.slice(0, first.slice(0, length).lastIndexOf(":") + 1);
  return new Set(keys).size > 1 && prefix.length > WORTH_LEAVING_OUT ? prefix : "";
}

function Axis({ endMs }: { readonly endMs: number }): VNode {
  const marks = [0, 0.25, 0.5, 0.75, 1];
  return html`<span class="axis" aria-hidden="true">${marks.map((part) => html`<span key=${part} style=${{ left: `${part * 100}%` }}>${part === 0 ? 0 : millis(part * endMs)}</span>`)}</span>`;
}

function bandsOf(calls: readonly CallView[]): Band[] {
  const bands = new Map<number, Band>();
  for (const { roundTrip, startedMs, endedMs, answeredBy } of calls) {
    if (answeredBy === "memo") continue;
    const band = bands.get(roundTrip) ?? { roundTrip, from: startedMs, to: startedMs };
    bands.set(roundTrip, {
      roundTrip,
      from: Math.min(band.from, startedMs),
      to: Math.max(band.to, endedMs ?? startedMs),
    });
  }
  return [...bands.values()];
}
