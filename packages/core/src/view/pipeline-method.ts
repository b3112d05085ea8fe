import type { QueuedCommand } from "../client.ts";
import { type Method, RECORDER, type View, type ViewContext } from "./context.ts";
import { assertEncodable } from "./unencodable.ts";

/** An ioredis pipeline: `_queue` holds its commands, MULTI and EXEC included. */
interface Pipeline {
  readonly isPipeline: true;
  readonly _queue?: readonly QueuedCommand[];
  exec: Method<Pipeline>;
}

/**
 * A view's `pipeline` or `multi`: ioredis's own pipeline, made by the raw client and holding it, whose `exec` corks
 * first, so that it leaves in its place among the tick's other calls.
 */
export function pipelineMethod(context: ViewContext, name: "pipeline" | "multi"): Method<View> {
  const { client, internals, cork } = context;
  const call = (args: unknown[]): unknown => (internals[name] as Method).apply(client, args);
  return function (...args) {
    const recorder = this[RECORDER];
    if (name === "multi" && isWithoutPipeline(args)) {
      cork.begin(1);
      return recorder === null ? call(args) : recorder.record(1, false, () => call(args));
    }
    const pipeline = call(args);
    if (isPipeline(pipeline)) corkOnExec(context, pipeline, recorder);
    return pipeline;
  };
}

function corkOnExec({ cork }: ViewContext, pipeline: Pipeline, recorder: View[typeof RECORDER]): void {
  const { exec } = pipeline;
  const corkedExec = function (this: Pipeline, ...args: unknown[]): unknown {
    const queue = this._queue ?? [];
    assertEncodable(queue);
    cork.begin(queue.length);
    if (recorder === null) return exec.apply(this, args);
    const hasCallback = typeof args[0] === "function";
    return recorder.record(queue.length, hasCallback, () => exec.apply(this, args), errorsInReplies);
  };
  Object.defineProperty(pipeline, "exec", {
    value: corkedExec,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

/** How many of a pipeline's replies, `[error, reply]` each, are errors. A discarded transaction's reply is null. */
function errorsInReplies(replies: unknown): number {
  if (!Array.isArray(replies)) return 0;
  return replies.filter((reply) => Array.isArray(reply) && reply[0] instanceof Error).length;
}

// multi({ pipeline: false }) sends MULTI at once, and the commands after it are ordinary calls.
function isWithoutPipeline([first, second]: unknown[]): boolean {
  const options = Array.isArray(first) ? second : (second ?? first);
  return typeof options === "object" && options !== null && "pipeline" in options && options.pipeline === false;
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === "object" && value !== null && "isPipeline" in value && value.isPipeline === true;
}
