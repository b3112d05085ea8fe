import { addressOf } from "./html.ts";
import { useEffect, useState } from "./library/preact-hooks.js";

/** The request that the address names; `null` for the list. */
function shownRequest(): string | null {
  const within = location.href.slice(addressOf("").length).split(/[?#]/, 1)[0] ?? "";
  return /^r\/([\w-]+)$/.exec(within)?.[1] ?? null;
}

const listeners = new Set<() => void>();
addEventListener("popstate", () => {
  for (const listener of listeners) listener();
});

/** Goes to a request, or to the list, as a link does: it can be gone back from. */
export function goTo(id: string | null): void {
  history.pushState(null, "", addressOf(id === null ? "" : `r/${id}`));
  for (const listener of listeners) listener();
}

export function useShownRequest(): string | null {
  const [id, setId] = useState(shownRequest);
  useEffect(() => {
    const update = (): void => setId(shownRequest());
    listeners.add(update);
    return () => void listeners.delete(update);
  }, []);
  return id;
}

/** A click that is the browser's own: to open a new tab, say. */
export const isPlainClick = (event: MouseEvent): boolean =>
  event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
