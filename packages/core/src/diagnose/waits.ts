import type { RecordedCall } from "../observe/records.ts";

/** Whether a call waited for a reply: its own or, where a read of the same tick was shared, that of another caller. */
export const hasWaited = ({ answeredBy, commands }: RecordedCall): boolean =>
  answeredBy === "dedupe" || (answeredBy === "redis" && commands > 0);

/** Whether a call was made after the reply of another one had come. */
export function endedBefore(earlier: RecordedCall | undefined, later: RecordedCall): boolean {
  const ended = earlier?.endedMs ?? null;
  return ended !== null && later.startedMs >= ended;
}

/** Whether a call's arguments hold something that only the reply of another one brought. */
export const uses = (later: RecordedCall, earlier: number): boolean => later.usesRepliesOf?.includes(earlier) ?? false;

/** What a call asks for, as far as its command and its keys tell. */
export const questionOf = ({ command, keys }: RecordedCall): string => [command, ...keys].join("\n");
