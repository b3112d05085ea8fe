import type { Caller } from "./call/caller.ts";
import { ANYTHING } from "./commands/effects.ts";
import type { CallGate } from "./commands/gated-call.ts";
import type { Admit, Transactions } from "./lanes/transaction.ts";
import { nested } from "./lanes/transaction-errors.ts";
import type { PendingLimit } from "./limits/pending-limit.ts";

/** A transaction as one call of its scope: it may read and write anything. */
const TRANSACTION = {
  ...{ method: "transaction", commands: 1, effect: ANYTHING, callback: undefined },
  changesState: () => false,
} as const;

/**
 * Makes the `transaction()` of a client's views.
 *
 * @param transactions `null` on the connection of a transaction, where none can be begun
 * @param limit what may be pending; `null` where nothing is capped
 * @returns takes the scope of the call, or `null`, and what the caller gave
 */
export function transactionCalls(transactions: Transactions | null, limit: PendingLimit | null) {
  return (gate: CallGate | null, keys: readonly unknown[], fn: unknown, options: unknown): unknown => {
    try {
      if (transactions === null) throw nested();
      const run = transactions.prepare(keys, fn, options);
      const send = (caller: Caller | null): unknown => run(admitWith(limit, transactions), caller);
      // The promise of the scope itself: of one derived from it the scope could not say that nobody has to hear of it.
      if (gate === null) return send(null);
      return gate.run({ ...TRANSACTION, args: keys, send, sendWithoutCallback: send, keep: () => send });
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

function admitWith(limit: PendingLimit | null, transactions: Transactions): Admit {
  return (args, caller, make) => {
    if (limit === null) return make();
    // Else those that wait for a connection, and hold no room, would have no bound where calls are to be rejected.
    const besides = transactions.calls - transactions.pending.commands();
    const made = (): unknown => make().finally(limit.drainSoon);
    return limit.run({ commands: 1, args, callback: undefined, caller, besides, make: made, keep: () => made });
  };
}
