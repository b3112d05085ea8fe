/** How long an app may take to answer before nothing is said about it. */
const PATIENCE_MILLIS = 2000;

/** Whether an app records its requests for `@tickpipe/inspector`, which says so in a header of its answers. */
export async function isInspected(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MILLIS) });
    await response.body?.cancel();
    return response.headers.has("x-tickpipe-inspect");
  } catch {
    // What is wrong with the app is the load's to say.
    return false;
  }
}
