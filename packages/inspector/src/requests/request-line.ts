import type { RequestDetail } from "../view-model.ts";

/**
 * A request with its findings as one line for a terminal, as in `GET /feed 200, 26.7 ms: 19 round trips, 2 possible. Await in a loop at src/feed.ts:30.
 * /_tickpipe/r/3f1c-7`; `null` without findings. Keys are not in it.
 *
 * @param mountedAt where the page is, for its address at the end of the line
 */
export function lineOf(request: RequestDetail, mountedAt: string): string | null {
  const { id, method, route, status, totalMs, roundTrips, possibleRoundTrips, problems } = request;
  if (problems.length === 0) return null;
  const name = method === null ? route : `${method} ${route} ${status ?? "hung up"}`;
  const trips = `${roundTrips} round trip${roundTrips === 1 ? "" : "s"}`;
  const possible = possibleRoundTrips < roundTrips ? `, ${possibleRoundTrips} possible` : "";
  const found = problems.map(({ title, at }) => `${title.replace(/\.$/, "")}${at ? ` (${at.file}:${at.line})` : ""}.`);
  const line = `${name}, ${totalMs.toFixed(1)} ms: ${trips}${possible}. ${found.join(" ")} ${mountedAt}/r/${id}`;
  // A path is what the browser sent: on a terminal, what cannot be printed might be an instruction.
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
}
