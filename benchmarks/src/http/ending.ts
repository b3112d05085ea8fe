import type { Client } from "autocannon";

/** For how long at most the answers that are under way at the end of a round are waited for, in seconds. */
export const LAST_ANSWER_SECONDS = 2;

/**
 * Makes a connection end with the first answer that comes after a time, so that no request is cut off.
 *
 * autocannon destroys its connections when its time is over. To the app those are browsers that hang up: it aborts what it does for them, and may write
 * a stack trace for each, which the next round would pay for.
 *
 * @param endsAt on the clock of `performance.now()`
 */
export function endAfter(client: Client, endsAt: number): void {
  const connection = client as unknown as { responseMax: number | undefined };
  // What `maxConnectionRequests` sets; autocannon looks at it before each request.
  if (!("responseMax" in connection)) throw new Error("Expected autocannon 9.0.0, whose clients have a responseMax.");
  client.on("response", () => {
    if (performance.now() >= endsAt) connection.responseMax = 1;
  });
}
