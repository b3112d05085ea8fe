import type { FindingView } from "../view-model.ts";
import { counted, KINDS, millis, place } from "./format.ts";
import { html } from "./html.ts";
import type { VNode } from "./library/preact.js";
import { useState } from "./library/preact-hooks.js";

interface CardProps {
  readonly finding: FindingView;
  readonly isChosen: boolean;
  readonly choose: () => void;
}

/** A finding: what was seen, what it costs, which line, and what to write there. */
export function FindingCard({ finding, isChosen, choose }: CardProps): VNode {
  const { kind, isGuess, title, advice, at, alsoAt, rewrite, calls, savedMs, savedRoundTrips } = finding;
  return html`
    <li class=${isChosen ? "finding chosen" : "finding"}>
      <h3><span class="sign" aria-hidden="true">!</span>${KINDS[kind].title}${isGuess && html` <span class="guess">a guess</span>`}</h3>
      <p>${title}</p>
      ${
        savedRoundTrips > 0 &&
        html`<p class="saves">Saves <strong>${counted(savedRoundTrips, "round trip")}</strong>, here <strong>${millis(savedMs)} ms</strong></p>`
      }
      ${at !== null && html`<p class="at"><code>${place(at)}</code>${at.functionName !== null && html` <span>in ${at.functionName}</span>`}</p>`}
      ${
        alsoAt.length > 0 &&
        html`<p class="also">with ${alsoAt.map((each, index) => html`${index > 0 && ", "}<code key=${index}>${place(each)}</code>`)}</p>`
      }
      <p class="advice">${advice}</p>
      ${rewrite !== null && html`<${Code} text=${rewrite} />`}
      <button type="button" aria-pressed=${isChosen} onClick=${choose}>${isChosen ? "Marked in the waterfall" : `Mark ${counted(calls.length, "call")}`}</button>
    </li>
  `;
}

function Code({ text }: { readonly text: string }): VNode {
  const [said, say] = useState("Copy");
  const copy = async (): Promise<void> => {
    try {
      // Not there where the page comes by HTTP from another machine.
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      say("Select and copy it");
    }
  };
  return html`
    <div class="code">
      <pre tabindex="0" aria-label="What to write instead"><code>${text}</code></pre>
      <button type="button" onClick=${copy} aria-live="polite">${said}</button>
    </div>
  `;
}
