import { isDeepStrictEqual } from "node:util";
import { assertNoAutoPipelining, assertWrappable, type IoredisClient, internalsOf } from "./client.ts";
import type { Scope, TickpipeControls, Tickpiped } from "./controls.ts";
import { leanSenderFor } from "./lean/lean-sender.ts";
import { BatchCounters } from "./observe/batch-counters.ts";
import { CallRecorder } from "./observe/call-recorder.ts";
import { RoundTripTally } from "./observe/round-trips.ts";
import { type ResolvedOptions, resolveOptions, type TickpipeOptions } from "./options.ts";
import { resolveScopeOptions } from "./scope/scope-options.ts";
import { TickCork } from "./tick/cork.ts";
import { corkReplayedCommands } from "./tick/replay.ts";
import { schedulerFor } from "./tick/schedule.ts";
import { createView, createViewPrototype, isView } from "./view/view.ts";

interface Wrapped {
  readonly view: object;
  readonly options: ResolvedOptions;
}

const wrappedClients = new WeakMap<object, Wrapped>();

/**
 * Wraps an ioredis client: every call made through the returned view during one event-loop tick leaves as one write.
 *
 * The view has the client's type and behaviour, and one property more, `tickpipe`. The client itself is not changed and
 * may go on being used. A client has one view: wrapping it, or a view, again returns the view that is there, and options
 * that differ from its own are ignored with a process warning.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT` for anything but an ioredis client,
 *   `ERR_TICKPIPE_INVALID_OPTION` for an unknown or a wrong option
 * @throws {TickpipeError} `ERR_TICKPIPE_AUTOPIPELINING`, `ERR_TICKPIPE_CLUSTER_UNSUPPORTED`
 */
export function tickpipe<C extends IoredisClient>(client: C, options?: TickpipeOptions): Tickpiped<C> {
  const resolved = resolveOptions(options);
  if (isView(client)) {
    const view = client as Tickpiped<C>;
    if (options) warnOfOtherOptions(wrappedClients.get(view.tickpipe.client), resolved);
    return view;
  }
  assertWrappable(client);
  const earlier = wrappedClients.get(client);
  if (earlier) {
    if (options) warnOfOtherOptions(earlier, resolved);
    return asView<C>(earlier.view);
  }
  const view = wrap(client, resolved);
  wrappedClients.set(client, { view, options: resolved });
  return view;
}

function wrap<C extends IoredisClient>(client: C, options: ResolvedOptions): Tickpiped<C> {
  const internals = internalsOf(client);
  const counters = new BatchCounters();
  const cork = new TickCork(internals, schedulerFor(options.flush), options.maxBatchBytes, counters);
  corkReplayedCommands(client, internals, cork);
  const lean = options.lean ? leanSenderFor(client, internals) : null;
  const prototype = createViewPrototype({
    client,
    internals,
    cork,
    lean,
    duplicate: (override) => {
      assertNoAutoPipelining(override);
      return tickpipe(client.duplicate(override as never) as IoredisClient, options);
    },
  });

  const controls = (currentScope: () => Scope<C> | undefined): TickpipeControls<C> => ({
    client,
    flush: cork.flush,
    stats: () => ({ ...counters.snapshot(), lean: lean !== null }),
    scope,
    currentScope,
  });
  function scope(scopeOptions?: unknown): Scope<C> {
    const { name } = resolveScopeOptions(scopeOptions);
    const tally = new RoundTripTally();
    const recorder = new CallRecorder(tally);
    const opened: Scope<C> = {
      name,
      redis: asView<C>(
        createView(
          prototype,
          controls(() => opened),
          recorder,
        ),
      ),
      stats: () => tally.snapshot(),
      close: () => recorder.close(),
    };
    return opened;
  }

  return asView<C>(
    createView(
      prototype,
      controls(() => undefined),
      null,
    ),
  );
}

/**
 * The one cast from the object that was built to the type that it has by construction: its prototype chain ends at the
 * client, and `tickpipe` was defined on it. TypeScript cannot follow a Proxy in a prototype chain.
 */
function asView<C extends IoredisClient>(view: object): Tickpiped<C> {
  return view as Tickpiped<C>;
}

function warnOfOtherOptions(wrapped: Wrapped | undefined, asked: ResolvedOptions): void {
  if (!wrapped) return;
  const { options } = wrapped;
  if (isDeepStrictEqual(options, asked)) return;
  process.emitWarning(
    "This client is wrapped already, with other options; those of this call are ignored. Wrap a client once and share the view.",
    { type: "TickpipeWarning", code: "TICKPIPE_OPTIONS_IGNORED" },
  );
}
