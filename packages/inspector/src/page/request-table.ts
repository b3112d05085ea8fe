import type { RequestSummary } from "../view-model.ts";
import { clock, counted, KINDS, millis } from "./format.ts";
import { addressOf, html } from "./html.ts";
import type { VNode } from "./library/preact.js";
import { useEffect, useLayoutEffect, useRef, useState } from "./library/preact-hooks.js";
import { goTo, isPlainClick } from "./location.ts";

/** As page.css has it, in pixels. */
const ROW_HEIGHT = 44;
/** Rows above and below what is seen, so that Tab and the arrow keys find the next one. */
const SPARE_ROWS = 12;

interface TableProps {
  readonly requests: readonly RequestSummary[];
  /** The request that was looked at last: it gets the focus back. */
  readonly visited: string | null;
}

/** The list. Only the rows that are seen are in the document, and the table says how many there are. */
export function RequestTable({ requests, visited }: TableProps): VNode {
  const table = useRef<HTMLTableElement>(null);
  const [from, to] = useSeenRows(table, requests.length);
  useLayoutEffect(() => {
    if (visited === null) return;
    const at = requests.findIndex(({ id }) => id === visited);
    if (at < 0) return;
    const top = topOf(table.current) + at * ROW_HEIGHT;
    if (top > scrollY + innerHeight - ROW_HEIGHT) scrollTo(0, top - innerHeight / 2);
    focusSoon(() => linkOf(table.current, at));
  }, [visited]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = Number((event.target as HTMLElement).closest("tr")?.ariaRowIndex ?? 0) - 2;
    const next = nextRow(event.key, at, requests.length);
    if (next === null || at < 0) return;
    event.preventDefault();
    const top = topOf(table.current) + next * ROW_HEIGHT;
    if (top < scrollY + 100) scrollTo(0, top - 100);
    else if (top > scrollY + innerHeight - 100) scrollTo(0, top - innerHeight + 100);
    focusSoon(() => linkOf(table.current, next));
  };
  return html`
    <table class="requests" ref=${table} aria-rowcount=${requests.length + 1} onKeyDown=${onKeyDown}>
      <caption class="unseen">Requests, the newest first. Arrow keys go from one to the next.</caption>
      <thead>
        <tr aria-rowindex="1">
          <th scope="col" class="time">Time</th>
          <th scope="col" class="request">Request</th>
          <th scope="col" class="code-column">Status</th>
          <th scope="col" class="number">Total <span class="unit">ms</span></th>
          <th scope="col" class="number">Redis <span class="unit">ms</span></th>
          <th scope="col" class="number">Commands</th>
          <th scope="col" class="trips">Round trips</th>
          <th scope="col" class="findings">Findings</th>
        </tr>
      </thead>
      <tbody>
        ${from > 0 && html`<tr class="spacer" aria-hidden="true" style=${{ height: `${from * ROW_HEIGHT}px` }}><td></td></tr>`}
        ${requests.slice(from, to).map((request, at) => html`<${Row} key=${request.id} request=${request} at=${from + at} />`)}
        ${
          to < requests.length &&
          html`<tr class="spacer" aria-hidden="true" style=${{ height: `${(requests.length - to) * ROW_HEIGHT}px` }}><td></td></tr>`
        }
      </tbody>
    </table>
  `;
}

function Row({ request, at }: { readonly request: RequestSummary; readonly at: number }): VNode {
  const { id, method, route, status, openedAt, totalMs, redisMs, commands, findings, errors } = request;
  const open = (event: MouseEvent): void => {
    if (!isPlainClick(event)) return;
    event.preventDefault();
    goTo(id);
  };
  return html`
    <tr aria-rowindex=${at + 2} onClick=${open} class=${findings.length > 0 ? "found" : ""}>
      <td class="time">${clock(openedAt)}</td>
      <td class="request">
        <a href=${addressOf(`r/${id}`)} title=${route}><span class="method">${method ?? "scope"}</span> <span class="route">${route}</span></a>
      </td>
      <td class="code-column">${statusText(method, status)}${errors > 0 && html` <span class="failed">${counted(errors, "error")}</span>`}</td>
      <td class="number">${millis(totalMs)}</td>
      <td class="number">${millis(redisMs)}</td>
      <td class="number">${commands}</td>
      <td class="trips"><${Trips} ...${request} /></td>
      <td class="findings">${[...new Set(findings)].map((kind) => html`<span class="chip" key=${kind}>${KINDS[kind].short}</span> `)}</td>
    </tr>
  `;
}

/** Round trips now, and how many would be left. */
export function Trips({
  roundTrips,
  possibleRoundTrips,
}: Pick<RequestSummary, "roundTrips" | "possibleRoundTrips">): VNode {
  if (possibleRoundTrips >= roundTrips) return html`<span class="now">${roundTrips}</span>`;
  return html`
    <span class="now">${roundTrips}</span><span class="unseen"> now, possible: </span
    ><span class="arrow" aria-hidden="true">→</span><strong>${possibleRoundTrips}</strong>
  `;
}

export function statusText(method: string | null, status: number | null): VNode | string {
  if (method === null) return "–";
  if (status === null) return html`<span class="code bad">hung up</span>`;
  return html`<span class=${status >= 500 ? "code bad" : status >= 400 ? "code warn" : "code"}>${status}</span>`;
}

const linkOf = (table: HTMLTableElement | null, at: number): HTMLAnchorElement | null | undefined =>
  table?.querySelector(`tr[aria-rowindex="${at + 2}"] a`);

const topOf = (table: HTMLTableElement | null): number =>
  (table?.tBodies[0]?.getBoundingClientRect().top ?? 0) + scrollY;

function nextRow(key: string, at: number, count: number): number | null {
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: count - 1 }[key];
  return next === undefined || next < 0 || next >= count ? null : next;
}

/** A row that has just been scrolled to is there some frames later. */
function focusSoon(find: () => HTMLElement | null | undefined, frames: number = 30): void {
  const link = find();
  if (link) link.focus({ preventScroll: true });
  else if (frames > 0) requestAnimationFrame(() => focusSoon(find, frames - 1));
}

/** The rows that the window shows, from and up to, with some to spare. */
function useSeenRows(table: { readonly current: HTMLTableElement | null }, count: number): [number, number] {
  const [range, setRange] = useState<[number, number]>([0, 40]);
  useEffect(() => {
    let frame = 0;
    const measure = (): void => {
      frame = 0;
      const above = Math.max(0, scrollY - topOf(table.current));
      const from = Math.max(0, Math.floor(above / ROW_HEIGHT) - SPARE_ROWS);
      const to = Math.ceil((above + innerHeight) / ROW_HEIGHT) + SPARE_ROWS;
      setRange((before) => (before[0] === from && before[1] === to ? before : [from, to]));
    };
    const soon = (): void => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
    };
  }, []);
  return [Math.min(range[0], Math.max(0, count - 1)), Math.min(range[1], count)];
}
