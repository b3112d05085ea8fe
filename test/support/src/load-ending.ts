/**
 * Makes a connection of autocannon end with the first answer that comes after a time, so that no request is cut off.
 *
 * autocannon destroys its connections when its time is over. To the app those are browsers that hang up: it aborts what it does for them, and may write
 * a stack trace for each, which the next round would pay for.
 *
 * @param endsAt on the clock of `performance.now()`
 */
export function endAfter(client: AnsweredClient, endsAt: number): void {
  const connection = client as unknown as { responseMax: number | undefined };
  // What `maxConnectionRequests` sets; autocannon looks at it before each request.
  if (!("responseMax" in connection)) throw new Error("Expected autocannon 9.0.0, whose clients have a responseMax.");
  client.on("response", () => {
    if (performance.now() >= endsAt) connection.responseMax = 1;
  });
}

/** What is used of autocannon's `Client`. */
interface AnsweredClient {
  on(event: "response", listener: () => void): unknown;
}
