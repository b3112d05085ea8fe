/** How long a condition may take to come true before the wait is given up, in milliseconds. */
const GIVE_UP_AFTER = 20_000;

/**
 * Waits until a condition holds, asking again and again.
 *
 * @throws {Error} with `what` if it does not come true within 20 seconds
 */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + GIVE_UP_AFTER;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Still not so after ${GIVE_UP_AFTER} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
