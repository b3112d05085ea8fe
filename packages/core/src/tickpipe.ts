import { isDeepStrictEqual } from "node:util";
import { assertNoAutoPipelining, assertWrappable, type IoredisClient } from "./client.ts";
import type { Tickpiped } from "./controls.ts";
import { sharedByVersions, VERSION } from "./copies.ts";
import { TickpipeError } from "./errors.ts";
import { type ResolvedOptions, resolveOptions, type TickpipeOptions } from "./options.ts";
import { clientOf, isView } from "./view/view.ts";
import { asView, wrap } from "./wrap.ts";

/** A client that is wrapped, as copies of this package find it, of whatever version. */
interface Wrapped {
  readonly view: object;
  readonly options: ResolvedOptions;
  /** Of the copy that wrapped it. */
  readonly version: string;
}

const wrappedClients = sharedByVersions("clients", () => new WeakMap<object, Wrapped>());

/**
 * Wraps an ioredis client: every call made through the returned view during one event-loop tick leaves as one write, on a Cluster as one to each node.
 *
 * The view has the client's type and behaviour, and one property more, `tickpipe`. The client itself is not changed and
 * may go on being used. A client has one view: wrapping it, or a view, again returns the view that is there, and options
 * that differ from its own are ignored with a process warning. So it is where another copy of this package has wrapped it; one of another version is
 * refused, since two would hold back the same bytes.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT` for anything but an ioredis client,
 *   `ERR_TICKPIPE_INVALID_OPTION` for an unknown or a wrong option
 * @throws {TickpipeError} `ERR_TICKPIPE_AUTOPIPELINING`, `ERR_TICKPIPE_TWO_COPIES`
 */
export function tickpipe<C extends IoredisClient>(client: C, options?: TickpipeOptions): Tickpiped<C> {
  const resolved = resolveOptions(options);
  if (isView(client)) {
    const view = client as Tickpiped<C>;
    const wrapped = wrappedClients.get(clientOf(view) ?? view);
    if (wrapped) assertSameVersion(wrapped);
    if (options) warnOfOtherOptions(wrapped, resolved);
    return view;
  }
  assertWrappable(client);
  const earlier = wrappedClients.get(client);
  if (earlier) {
    assertSameVersion(earlier);
    if (options) warnOfOtherOptions(earlier, resolved);
    return asView<C>(earlier.view);
  }
  const view = wrap(client, resolved, (args) => {
    for (const override of args) assertNoAutoPipelining(override);
    return tickpipe(client.duplicate(...(args as never[])) as IoredisClient, options);
  });
  wrappedClients.set(client, { view, options: resolved, version: VERSION });
  return view;
}

function assertSameVersion({ version }: Wrapped): void {
  if (version === VERSION) return;
  throw new TickpipeError(
    "ERR_TICKPIPE_TWO_COPIES",
    `This client was wrapped by version ${version} of @tickpipe/core, and this is version ${VERSION}. Expected one copy in an application: see which packages bring it (npm ls @tickpipe/core), and bring them to one version.`,
  );
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
