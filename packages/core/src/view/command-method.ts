import { NOT_PLAIN, type SendLean } from "../lean/lean-sender.ts";
import { type Method, RECORDER, type View, type ViewContext } from "./context.ts";
import { dropUnencodableTail } from "./unencodable.ts";

/**
 * A view's method for one command: corks, then sends the call lean, or calls the client's own method, in the caller's stack.
 *
 * @param find finds the client's own method
 * @param sendLean the lean way, if this command has one
 */
export function commandMethod(
  { client, internals, cork }: ViewContext,
  find: () => unknown,
  sendLean: SendLean | null,
): Method<View> {
  const send = (args: unknown[]): unknown => {
    cork.begin(1);
    if (sendLean !== null) {
      const sent = sendLean(args);
      if (sent !== NOT_PLAIN) return sent;
    }
    const result = (find() as Method).apply(client, args);
    if (!cork.isHolding) dropUnencodableTail(internals);
    return result;
  };
  return function (...args) {
    const recorder = this[RECORDER];
    if (recorder === null) return send(args);
    return recorder.record(1, typeof args.at(-1) === "function", () => send(args));
  };
}
