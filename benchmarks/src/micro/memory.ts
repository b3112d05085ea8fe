import type { Memory } from "../results.ts";
import type { Subject } from "./subjects.ts";
import { smallGets } from "./workloads.ts";

/** Commands whose replies are held back. */
export interface SentCommands {
  /** What they hold, now that their bytes have left. */
  weigh(): Promise<Memory>;
}

/** Sends so many GETs in one tick. The process needs `--expose-gc`. */
export async function sendCommands(subject: Subject, commands: number): Promise<SentCommands> {
  const calls = smallGets(commands);
  const before = await bytesInUse();
  const replies = subject.make(calls);
  return {
    weigh: async () => {
      const bytes = (await bytesInUse()) - before;
      // Names what is pending after it was weighed, so that nothing of it is collected before.
      if (!(replies instanceof Promise)) throw new Error("Expected the replies to be pending.");
      return { bytesPerCommand: bytes / commands };
    },
  };
}

async function bytesInUse(): Promise<number> {
  if (!globalThis.gc) throw new Error("Expected a process with --expose-gc.");
  // What a collection lets finalize is free only after the next.
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
