import type { Caller } from "./call/caller.ts";
import { behindChanges, type KeptFor } from "./call/kept-call.ts";
import type { CallGate } from "./commands/gated-call.ts";
import { UNKNOWN } from "./commands/table.ts";
import type { Admit, Transactions } from "./lanes/transaction.ts";
import { nested } from "./lanes/transaction-errors.ts";
import type { PendingLimit } from "./limits/pending-limit.ts";

/** A transaction as one call of its scope: it may read and write anything. */
const TRANSACTION = {
  ...{ method: "transaction", commands: 1, effect: UNKNOWN, callback: undefined },
  changesState: () => false,
} as const;

/**
 * Makes the `transaction()` of a client's views.
 *
 * @param transactions `null` on the connection of a transaction, where none can be begun
 * @param limit what may be pending; `null` where nothing is capped
 * @param kept where calls are that stages keep
 * @returns takes the scope of the call, or `null`, and what the caller gave
 */
export function transactionCalls(transactions: Transactions | null, limit: PendingLimit | null, kept: KeptFor) {
  return (gate: CallGate | null, keys: readonly unknown[], fn: unknown, options: unknown): unknown => {
    try {
      if (transactions === null) throw nested();
      const send = kept.line.isHeld
        ? behindStateChanges(kept, transactions, limit, keys, fn, options)
        : sendOf(transactions, limit, keys, fn, options);
      // The promise of the scope itself: of one derived from it the scope could not say that nobody has to hear of it.
      if (gate === null) return send(null);
      return gate.run({ ...TRANSACTION, args: keys, send, sendWithoutCallback: send, keep: () => send });
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

type Send = (caller: Caller | null) => unknown;

/** Its connection is to have the state of now. */
function sendOf(transactions: Transactions, limit: PendingLimit | null, ...given: Given): Send {
  const run = transactions.prepare(...given);
  return (caller) => run(admitWith(limit, transactions), caller);
}

/** Its connection is to have the state that the client's own has once the SELECT or AUTH has gone that was called before. */
function behindStateChanges(
  kept: KeptFor,
  transactions: Transactions,
  limit: PendingLimit | null,
  ...[keys, fn, options]: Given
): Send {
  const own = Array.isArray(keys) ? keys.map((key: unknown) => (key instanceof Buffer ? Buffer.from(key) : key)) : keys;
  return (caller) => {
    const make = (): unknown => sendOf(transactions, limit, own, fn, options)(caller);
    return behindChanges(kept, { callback: undefined, caller, make, keep: () => make }, false);
  };
}

type Given = Parameters<Transactions["prepare"]>;

function admitWith(limit: PendingLimit | null, transactions: Transactions): Admit {
  return (args, caller, make) => {
    if (limit === null) return make();
    // Else those that wait for a connection, and hold no room, would have no bound where calls are to be rejected.
    const besides = transactions.calls - transactions.pending.commands();
    const made = (): unknown => make().finally(limit.drainSoon);
    return limit.run({ commands: 1, args, callback: undefined, caller, besides, make: made, keep: () => made });
  };
}
