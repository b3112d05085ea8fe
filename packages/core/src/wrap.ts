import { argumentsKeeperFor } from "./call/kept-arguments.ts";
import type { KeptFor } from "./call/kept-call.ts";
import { KeptLine } from "./call/kept-line.ts";
import { type ClientInternals, type IoredisClient, internalsOf } from "./client.ts";
import { clusterOf } from "./cluster/cluster-client.ts";
import { slotOfKey } from "./cluster/key-slots.ts";
import { splitterOf as splitterForCommand } from "./cluster/split-call.ts";
import type { CallGate } from "./commands/gated-call.ts";
import { clusterConnectionsOf, connectionOf } from "./connections.ts";
import type { Scope, TickpipeControls, Tickpiped, TransactionReplies } from "./controls.ts";
import { BlockingLane, ENDED_BY_THE_CALL } from "./lanes/blocking-lane.ts";
import { ConnectionState } from "./lanes/connection-state.ts";
import { InlineBlocking, warnOfBlocked } from "./lanes/inline-blocking.ts";
import type { MakeLaneRoutes } from "./lanes/lane-route.ts";
import { warnOfSharedWatch } from "./lanes/shared-watch.ts";
import { NEVER_RECONNECTS, Transactions } from "./lanes/transaction.ts";
import { commandPartsOf, keyFinderOf } from "./lean/ioredis-command.ts";
import { leanSenderFor } from "./lean/lean-sender.ts";
import { PendingLimit } from "./limits/pending-limit.ts";
import { LoaderMaker } from "./loader/loader.ts";
import { BatchCounters } from "./observe/batch-counters.ts";
import type { OverloadMessage } from "./observe/channels.ts";
import { Recordings } from "./observe/recordings.ts";
import type { ScopeRecord } from "./observe/records.ts";
import { type Watchers, watchersOf } from "./observe/watchers.ts";
import type { ResolvedOptions } from "./options.ts";
import { OfflineCalls } from "./queues/offline-calls.ts";
import { together } from "./queues/pending.ts";
import { callFactsOf } from "./reads/call-facts.ts";
import { TickReads } from "./reads/tick-reads.ts";
import { Ambient } from "./scope/ambient.ts";
import type { ActingGate, ObservingGate } from "./scope/ambient-gates.ts";
import { CallScope } from "./scope/call-scope.ts";
import { ScopeHandle } from "./scope/scope-handle.ts";
import { resolveScopeOptions } from "./scope/scope-options.ts";
import { schedulerFor } from "./tick/schedule.ts";
import { TickEnd } from "./tick/tick-end.ts";
import { transactionCalls } from "./transaction-calls.ts";
import { CallerStacks } from "./view/caller-stacks.ts";
import type { ViewContext } from "./view/context.ts";
import { createViews } from "./view/view.ts";

/** What a view's calls go through, put together for one client. */
type Parts = ReturnType<typeof partsFor>;

/**
 * Puts a client's view together.
 *
 * @param duplicate makes a client like this one, wrapped in the same way
 */
export function wrap<C extends IoredisClient>(
  client: C,
  options: ResolvedOptions,
  duplicate: ViewContext["duplicate"],
): Tickpiped<C> {
  return viewOn(client, partsFor(client, options, null), duplicate);
}

/** @param ofTransactions who watches the client, for a connection that its transactions have; `null` for the client's own, which is shared */
function partsFor(client: IoredisClient, options: ResolvedOptions, ofTransactions: Watchers | null) {
  const internals = internalsOf(client);
  const cluster = clusterOf(client);
  const isShared = ofTransactions === null;
  const watchers = ofTransactions ?? watchersOf(client);
  const counters = new BatchCounters(watchers, isShared ? "client" : "transaction");
  const tickEnd = new TickEnd(schedulerFor(options.flush));
  const queues = (): readonly ClientInternals[] => pending.clients();
  const connection = new ConnectionState(client, internals, queues, isShared ? warnOfSharedWatch : undefined);
  const commandParts = commandPartsOf(client);
  const { maxBatchBytes } = options;
  const corking = { schedule: tickEnd.schedule, maxBatchBytes, counters };
  const connections =
    cluster === null
      ? connectionOf(client, internals, connection, corking)
      : clusterConnectionsOf(client, cluster, commandParts, corking);
  const { cork, pending, makeRoutes, lastCalledWith, offlineQueues } = connections;
  const { blocking, maxBlockingConnections, maxPending, maxPendingBytes } = options;
  const lane =
    blocking === "isolate"
      ? new BlockingLane(
          ...([
            client,
            internals,
            connection,
            makeRoutes(maxBlockingConnections, ENDED_BY_THE_CALL),
            watchers,
          ] as const),
          (call) => {
            cork.begin();
            cork.count(1);
            const made = call();
            cork.wrote();
            return made;
          },
        )
      : null;
  const inlineBlocking = new InlineBlocking(pending, cork.flush, isShared ? warnOfBlocked : () => {});
  const transactions = isShared ? transactionsOn(client, makeRoutes, options, watchers) : null;
  const blocked = (): number => lane?.calls ?? 0;
  const allPending = transactions === null ? pending : together(pending, transactions.pending);
  const kept: KeptFor = { line: new KeptLine(), internals };
  const keepArguments = argumentsKeeperFor(internals, commandParts?.Command._transformer.argument);
  const isCapped = Math.min(maxPending, maxPendingBytes) < Number.POSITIVE_INFINITY;
  const overloaded = (message: OverloadMessage): void => watchers.overload(message);
  const limit = isCapped ? new PendingLimit(client, kept, allPending, options, overloaded) : null;
  const lean = options.lean && commandParts !== null ? leanSenderFor(client, internals, commandParts) : null;
  const reads = options.dedupe && lean !== null && lastCalledWith !== null ? new TickReads(lastCalledWith) : null;
  if (reads !== null) cork.watch(reads.clear, () => reads.calledAnything());
  const ambient = new Ambient<ActingGate | ObservingGate>();
  const offlineCalls = new OfflineCalls(offlineQueues, () => connection.called("discard"));
  const splitterOf: ViewContext["splitterOf"] = (command) =>
    cluster !== null && options.splitSlots
      ? splitterForCommand(command, (key) => slotOfKey(key, cluster.options.keyPrefix))
      : null;
  return {
    ...{ internals, counters, tickEnd, cork, pending, offlineQueues, connection, lane, transactions, blocked },
    ...{ allPending, inlineBlocking, kept, keepArguments, limit, lean, reads, splitterOf, ambient, watchers },
    offlineCalls,
  };
}

function transactionsOn(
  client: IoredisClient,
  makeRoutes: MakeLaneRoutes,
  options: ResolvedOptions,
  watchers: Watchers,
): Transactions {
  // What is called on a transaction's connection is part of it: the whole is one call, so that no part is isolated or capped.
  const own = { ...options, blocking: "inline", maxPending: Infinity, maxPendingBytes: Infinity } as const;
  const routes = makeRoutes(options.maxTransactionConnections, NEVER_RECONNECTS);
  return new Transactions(client, internalsOf(client), routes, (lane) =>
    viewOn(lane, partsFor(lane, own, watchers), (args) => lane.duplicate(...(args as never[])) as object),
  );
}

function viewOn<C extends IoredisClient>(client: C, parts: Parts, duplicate: ViewContext["duplicate"]): Tickpiped<C> {
  const { internals, counters, tickEnd, cork, allPending, lane, transactions, blocked, limit, lean, reads } = parts;
  const { ambient, watchers, inlineBlocking, kept } = parts;
  const views = createViews({
    ...{ client, duplicate, ...parts, callerStacks: new CallerStacks(client) },
    quitting: () => transactions?.quit() ?? null,
    controlsOf: (gate) => (gate === null ? ownControls : controlsIn(gate)),
  });
  const viewOf = (gate: CallGate | null): Tickpiped<C> => asView<C>(gate === null ? views.own : views.through(gate));
  // Not the user's own view: that acts in the scope of whoever happens to call.
  const outsideOfScopes = viewOf(NO_SCOPE);
  const loaders = new LoaderMaker(client, outsideOfScopes, tickEnd.beforeFlush, ScopeHandle.callsOf);
  const recordings = new Recordings<Scope<C>>({
    about: callFactsOf(internals, keyFinderOf(client)),
    rememberShared: () => reads?.rememberShared(),
    wasShared: (args) => reads?.wasShared(args) ?? false,
    isBehindBlocking: () => inlineBlocking.isBlocked,
  });
  const shared = {
    client,
    flush: (): void => {
      tickEnd.workNow();
      cork.flush();
    },
    stats: () => ({
      ...counters.snapshot(),
      lean: lean !== null,
      deduplicated: reads?.shared ?? 0,
      pending: allPending.commands() + blocked(),
      waiting: limit?.waiting ?? 0,
      overloads: limit?.overloads ?? 0,
      behindBlocking: inlineBlocking.behind,
      blockingConnections: lane?.connections ?? 0,
      transactionConnections: transactions?.connections ?? 0,
      transactionsRunning: transactions?.running ?? 0,
      transactionsWaiting: transactions?.waiting ?? 0,
    }),
    scope: (options?: unknown): Scope<C> => {
      const resolved = resolveScopeOptions(options);
      const recorded = recordings.open(resolved.name);
      const told = watchers.requestBegins(resolved.name);
      const isObserved = recorded !== null || told !== null;
      const calls = new CallScope(resolved, recorded?.recording ?? null, isObserved, kept);
      const scope = handleOf(calls);
      if (told !== null) calls.onceClosed(() => told(calls.counts.all.snapshot()));
      if (recorded !== null) {
        calls.onceClosed(() => recorded.closed(scope, calls.counts.all.snapshot()));
        recorded.opened(scope);
      }
      return scope;
    },
    record: (listener: (record: ScopeRecord, scope: Scope<C>) => void, options?: unknown) =>
      recordings.add(listener, options),
  };
  const transact = transactionCalls(transactions, limit, kept);
  const handleOf = (calls: CallScope): Scope<C> => {
    calls.handle ??= new ScopeHandle({ ambient, viewOf }, calls);
    return calls.handle as Scope<C>;
  };
  const controls = (gateNow: () => CallGate | null): TickpipeControls<C> => {
    const currentScope = (): Scope<C> | undefined => {
      const calls = CallScope.of(gateNow());
      return calls === null || calls.isPlain ? undefined : handleOf(calls);
    };
    return {
      ...shared,
      currentScope,
      loader: (options) => loaders.make(options, currentScope),
      transaction: (keys, fn, options) => transact(gateNow(), keys, fn, options) as Promise<TransactionReplies | null>,
    };
  };
  const controlsIn = (gate: CallGate): object => {
    gate.controls ??= controls(() => gate);
    return gate.controls;
  };
  const ownControls = controls(() => ambient.current());
  return viewOf(null);
}

/** Of a view that is in no scope, whatever the async context. */
const NO_SCOPE: CallGate = {
  run: (call) => call.send(null),
  runPlain: (calls, args) => calls.send(args, null),
  refuses: false,
  hasMemo: false,
  calledAnything: () => {},
};

/**
 * The one cast from the object that was built to the type that it has by construction: its prototype chain ends at the
 * client, and `tickpipe` was defined on it. TypeScript cannot follow a Proxy in a prototype chain.
 */
export function asView<C extends IoredisClient>(view: object): Tickpiped<C> {
  return view as Tickpiped<C>;
}
