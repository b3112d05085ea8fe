import type { Tickpiped } from "@tickpipe/core";
import type { Redis } from "ioredis";

/** Moves an amount from one account to another, and tells whether it did: only if the first has it. */
export async function transfer(redis: Tickpiped<Redis>, from: string, to: string, amount: number): Promise<boolean> {
  const replies = await redis.tickpipe.transaction([from, to], async (tx) => {
    const balance = Number(await tx.get(from));
    if (balance < amount) return null; // UNWATCH, and nothing is executed
    return tx.multi().decrby(from, amount).incrby(to, amount); // without exec()
  });
  if (replies === null) return false;
  for (const [error] of replies) if (error) throw error;
  return true;
}
