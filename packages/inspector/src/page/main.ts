import { DetailView } from "./detail-view.ts";
import { counted } from "./format.ts";
import { addressOf, html } from "./html.ts";
import { render, type VNode } from "./library/preact.js";
import { useEffect, useRef, useState } from "./library/preact-hooks.js";
import { ListView } from "./list-view.ts";
import { useShownRequest } from "./location.ts";
import { type Connection, useRequests } from "./requests.ts";

/** How often a screen reader is told of new requests, in milliseconds: each one would be too much. */
const SAY_EVERY_MS = 5_000;
/** Somebody who has scrolled further than this reads the list. */
const AT_THE_TOP = 160;

function Page(): VNode {
  const id = useShownRequest();
  const [isPaused, setPaused] = useState(false);
  const isHeld = (): boolean =>
    isPaused || (id === null && (scrollY > AT_THE_TOP || document.activeElement?.closest("table.requests") != null));
  const requests = useRequests(isHeld);
  const visited = useRef<string | null>(null);
  if (id !== null) visited.current = id;
  return html`
    <a class="skip" href="#main">To the requests</a>
    <header class="bar">
      <h1><a href=${addressOf("")}>Tickpipe <span>inspector</span></a></h1>
      <${Status} connection=${requests.connection} isPaused=${isPaused} />
    </header>
    <main id="main" tabindex="-1">
      ${
        id === null
          ? html`<${ListView} requests=${requests} visited=${visited.current} isPaused=${isPaused} setPaused=${setPaused} />`
          : html`<${DetailView} id=${id} />`
      }
    </main>
    <${Announcer} count=${requests.shown.length + requests.held.length} />
  `;
}

const SAID: Readonly<Record<Connection, string>> = {
  connecting: "Connecting",
  live: "Live",
  lost: "Connection lost, trying again",
};

function Status({ connection, isPaused }: { readonly connection: Connection; readonly isPaused: boolean }): VNode {
  const isStill = connection === "live" && isPaused;
  return html`<p class=${`status ${isStill ? "paused" : connection}`} role="status">${isStill ? "Paused" : SAID[connection]}</p>`;
}

/** Tells those who do not see the list that it has grown. */
function Announcer({ count }: { readonly count: number }): VNode {
  const latest = useRef(count);
  latest.current = count;
  const [text, setText] = useState("");
  useEffect(() => {
    let told = 0;
    const timer = setInterval(() => {
      const fresh = latest.current - told;
      told = latest.current;
      if (fresh > 0) setText(`${counted(fresh, "new request")}, ${latest.current} in all`);
    }, SAY_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return html`<p class="unseen" aria-live="polite">${text}</p>`;
}

// Relative addresses in the markup are resolved anew when the page's own address changes; the icon is fetched again then.
for (const icon of document.querySelectorAll<HTMLLinkElement>("link[rel=icon]"))
  icon.href = addressOf("assets/icon.svg");

const root = document.getElementById("page");
if (root) render(html`<${Page} />`, root);
