import type { RequestDetail } from "../view-model.ts";
import { FindingCard } from "./finding-card.ts";
import { clock, counted, millis } from "./format.ts";
import { addressOf, html } from "./html.ts";
import type { VNode } from "./library/preact.js";
import { useEffect, useRef, useState } from "./library/preact-hooks.js";
import { goTo, isPlainClick } from "./location.ts";
import { statusText, Trips } from "./request-table.ts";
import { Waterfall } from "./waterfall.ts";

type Loaded = { readonly request: RequestDetail } | { readonly problem: string } | null;

/** One request: its waterfall, with the findings beside it. */
export function DetailView({ id }: { readonly id: string }): VNode {
  const [loaded, setLoaded] = useState<Loaded>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const aborting = new AbortController();
    setLoaded(null);
    load(id, aborting.signal).then(setLoaded, () => {});
    return () => aborting.abort();
  }, [id]);
  useEffect(() => {
    if (loaded === null) return;
    scrollTo(0, 0);
    heading.current?.focus();
  }, [loaded]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") goTo(null);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  if (loaded === null) return html`<p class="nothing" role="status">Loading</p>`;
  if ("problem" in loaded) {
    return html`
      <section class="empty">
        <h2 tabindex="-1" ref=${heading}>This request is not here</h2>
        <p>${loaded.problem}</p>
        <p><${BackLink} /></p>
      </section>
    `;
  }
  return html`<${Request} request=${loaded.request} heading=${heading} />`;
}

async function load(id: string, signal: AbortSignal): Promise<Loaded> {
  const answer = await fetch(addressOf(`r/${id}.json`), { signal });
  return answer.ok ? { request: await answer.json() } : { problem: await answer.text() };
}

function Request({
  request,
  heading,
}: {
  readonly request: RequestDetail;
  readonly heading: { current: HTMLHeadingElement | null };
}): VNode {
  const [chosen, choose] = useState<number | null>(null);
  const {
    id,
    method,
    route,
    path,
    status,
    openedAt,
    totalMs,
    redisMs,
    commands,
    problems,
    memoHits,
    droppedCallSites,
  } = request;
  const marked = new Set(chosen === null ? [] : (problems[chosen]?.calls ?? []));
  return html`
    <nav class="crumbs" aria-label="Way back"><${BackLink} /></nav>
    <header class="request-head">
      <h2 tabindex="-1" ref=${heading}><span class="method">${method ?? "scope"}</span> ${route}</h2>
      <a class="button" href=${addressOf(`r/${id}.json`)}>JSON</a>
      <a class="button" href=${addressOf(`r/${id}.json?download`)} download>Download</a>
    </header>
    <p class="path">${path !== null && path !== route && html`<code>${path}</code>`} <time datetime=${new Date(openedAt).toISOString()}>${clock(openedAt)}</time></p>
    <dl class="figures wide">
      <div><dt>Status</dt><dd>${statusText(method, status)}</dd></div>
      <div><dt>Total</dt><dd>${millis(totalMs)}<small> ms</small></dd></div>
      <div><dt>Waited for Redis</dt><dd>${millis(redisMs)}<small> ms</small></dd></div>
      <div><dt>Commands</dt><dd>${commands}</dd></div>
      <div><dt>Round trips</dt><dd><${Trips} ...${request} /></dd></div>
      ${memoHits > 0 && html`<div><dt>From the memo</dt><dd>${memoHits}</dd></div>`}
    </dl>
    <div class="columns">
      <section aria-labelledby="waterfall-title">
        <h3 id="waterfall-title" class="unseen">Waterfall</h3>
        <${Waterfall} request=${request} marked=${marked} />
      </section>
      <section class="beside" aria-labelledby="findings-title">
        <h3 id="findings-title">${problems.length === 0 ? "Findings" : counted(problems.length, "finding")}</h3>
        ${
          problems.length === 0
            ? html`<p class="fine"><span aria-hidden="true">✓</span> Nothing to find: what this request could ask together, it asks together.</p>`
            : html`<ol class="finding-list">${problems.map(
                (finding, at) =>
                  html`<${FindingCard} key=${at} finding=${finding} isChosen=${chosen === at} choose=${() => choose(chosen === at ? null : at)} />`,
              )}</ol>`
        }
        ${droppedCallSites > 0 && html`<p class="note">Of ${counted(droppedCallSites, "call")} the line was not kept, so that there may be more to find.</p>`}
      </section>
    </div>
  `;
}

function BackLink(): VNode {
  const back = (event: MouseEvent): void => {
    if (!isPlainClick(event)) return;
    event.preventDefault();
    goTo(null);
  };
  return html`<a href=${addressOf("")} onClick=${back}><span aria-hidden="true">←</span> All requests</a>`;
}
