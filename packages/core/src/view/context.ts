import type { ClientInternals, IoredisClient } from "../client.ts";
import type { LeanSender } from "../lean/lean-sender.ts";
import type { CallRecorder } from "../observe/call-recorder.ts";
import type { TickCork } from "../tick/cork.ts";

/** What all views of one client share. */
export interface ViewContext {
  readonly client: IoredisClient;
  readonly internals: ClientInternals;
  readonly cork: TickCork;
  /** `null` where every call takes ioredis's own path. */
  readonly lean: LeanSender | null;
  /** Makes a client like this one, wrapped in the same way. */
  readonly duplicate: (override: unknown) => object;
}

/** Where a view keeps its recorder; inherited as `null` by a view that records nothing. */
export const RECORDER: unique symbol = Symbol("tickpipe.recorder");

/** A view as its own methods see it. */
export interface View {
  readonly [RECORDER]: CallRecorder | null;
}

/** A method of a client or of a view, by its look at run time. */
export type Method<This = unknown> = (this: This, ...args: unknown[]) => unknown;
