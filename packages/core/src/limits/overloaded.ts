import { TickpipeError } from "../errors.ts";

/** The error of a call that is rejected. `said`: why, in whole sentences. */
export function overloaded(said: string): TickpipeError {
  return new TickpipeError(
    "ERR_TICKPIPE_OVERLOADED",
    `The call was not sent. ${said} Call less at once, retry later, or raise the option.`,
  );
}
