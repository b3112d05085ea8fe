import { counted, matches, millis } from "./format.ts";
import { BATCH_BUCKETS, Histogram, LATENCY_BUCKETS, medianOf } from "./histogram.ts";
import { html } from "./html.ts";
import type { VNode } from "./library/preact.js";
import { useEffect, useRef, useState } from "./library/preact-hooks.js";
import { RequestTable } from "./request-table.ts";
import type { Requests } from "./requests.ts";

interface ListProps {
  readonly requests: Requests;
  readonly visited: string | null;
  readonly isPaused: boolean;
  readonly setPaused: (isPaused: boolean) => void;
}

/** The requests that came last, what they have in common, and a filter. */
export function ListView({ requests, visited, isPaused, setPaused }: ListProps): VNode {
  const { shown, held, skipped, release, clear, connection } = requests;
  const [words, setWords] = useState("");
  const [onlyFound, setOnlyFound] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "/" || (event.target as HTMLElement).closest("input, textarea")) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  if (shown.length === 0 && held.length === 0) return html`<${Empty} isConnected=${connection === "live"} />`;
  const seen = shown.filter((request) => matches(request, words) && (!onlyFound || request.findings.length > 0));
  // A round trip of shared reads alone took another request's commands.
  const batches = seen.flatMap((request) => request.batches).filter((commands) => commands > 0);
  const latencies = seen.flatMap((request) => request.latenciesMs);
  const spared = seen.reduce((sum, each) => sum + each.roundTrips - each.possibleRoundTrips, 0);
  const trips = seen.reduce((sum, each) => sum + each.roundTrips, 0);
  return html`
    <section class="overview" aria-label="Overview">
      <dl class="figures">
        <div><dt>Requests</dt><dd>${seen.length.toLocaleString()}</dd></div>
        <div><dt>With findings</dt><dd>${seen.filter(({ findings }) => findings.length > 0).length.toLocaleString()}</dd></div>
        <div><dt>Round trips</dt><dd>${trips.toLocaleString()}</dd></div>
        <div><dt>Could be spared</dt><dd>${trips === 0 ? "0" : Math.round((spared / trips) * 100)}<small> %</small></dd></div>
      </dl>
      <${Histogram} title="Commands per round trip" values=${batches} buckets=${BATCH_BUCKETS}
        summary=${`median ${medianOf(batches)}, of ${counted(batches.length, "round trip")}`} />
      <${Histogram} title="Round trip, ms" values=${latencies} buckets=${LATENCY_BUCKETS} summary=${`median ${millis(medianOf(latencies))} ms`} />
    </section>
    <div class="toolbar" role="search">
      <label class="filter"><span class="unseen">Filter by method, route, status or finding</span>
        <input ref=${input} type="search" placeholder="Filter: GET /posts loop" value=${words}
          onInput=${(event: Event) => setWords((event.target as HTMLInputElement).value)} />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <label class="check"><input type="checkbox" checked=${onlyFound} onChange=${() => setOnlyFound(!onlyFound)} /> With findings only</label>
      <span class="grow"></span>
      ${skipped > 0 && html`<span class="note">${counted(skipped, "request")} came too fast to be listed</span>`}
      <button type="button" aria-pressed=${isPaused} onClick=${() => setPaused(!isPaused)}>${isPaused ? "Resume" : "Pause"}</button>
      <button type="button" onClick=${clear}>Clear</button>
    </div>
    ${held.length > 0 && html`<button type="button" class="held" onClick=${release}>Show ${counted(held.length, "new request")}</button>`}
    ${
      seen.length > 0
        ? html`<${RequestTable} requests=${seen} visited=${visited} />`
        : html`<p class="nothing">No request matches. <button type="button" class="link" onClick=${() => {
            setWords("");
            setOnlyFound(false);
          }}>Show all</button></p>`
    }
  `;
}

function Empty({ isConnected }: { readonly isConnected: boolean }): VNode {
  return html`
    <section class="empty">
      <svg viewBox="0 0 96 64" width="96" height="64" aria-hidden="true">
        <rect x="4" y="8" width="30" height="8" rx="4" /><rect x="34" y="22" width="22" height="8" rx="4" />
        <rect x="56" y="36" width="26" height="8" rx="4" /><rect x="56" y="50" width="34" height="8" rx="4" />
      </svg>
      <h2>${isConnected ? "Waiting for a request" : "Connecting"}</h2>
      <p>Make a request to your application. Those that call Redis appear here at once, each with its waterfall.</p>
      <p>Nothing comes? Then check that the requests pass through <code>perRequest</code> with the same client, before your routes:</p>
      <pre><code>app.use(perRequest(redis));
app.use("/_tickpipe", inspector(redis));

app.get("/posts", async (req, res) => {
  const ids = await req.redis.lrange("posts", 0, 19);
  …
});</code></pre>
    </section>
  `;
}
