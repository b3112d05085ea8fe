/**
 * What to say of a machine that has other work; `null` where it has none, or where the system counts none (Windows).
 *
 * @param load the processes that ran or waited to run in the last minute, on average, as `os.loadavg()` gives it
 */
export function busyNote(load: number, cores: number): string | null {
  if (load <= cores) return null;
  return (
    `This machine is busy: a load of ${load.toFixed(1)} on ${cores} ${cores === 1 ? "core" : "cores"}. ` +
    "What else runs slows both apps and hides gains; the writes and the CPU per request suffer least."
  );
}
