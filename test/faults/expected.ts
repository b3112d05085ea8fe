import type { Outcome } from "./both-sides.ts";

/** The errors that a full tick of calls gets from a healthy server: WRONGTYPE, and a command that is none. */
export const fulfilled: readonly string[] = ["ERR unknown", "WRONGTYPE Operation"];

/** The errors with which ioredis rejects calls of a connection that was lost. */
export function connectionClosed(options: string): readonly string[] {
  return options === "no reconnect" ? ["Connection is"] : ["Reached the"];
}

/** What the calls of a tick were rejected with: the first two words of each message, once, sorted. */
export function rejections({ values }: Outcome, prefix: string): string[] {
  const messages = Object.entries(values).flatMap(([label, value]) =>
    label.startsWith(prefix) && isRejection(value) ? [value.rejected.message.split(" ").slice(0, 2).join(" ")] : [],
  );
  return [...new Set(messages)].sort();
}

function isRejection(value: unknown): value is { rejected: { message: string } } {
  return typeof value === "object" && value !== null && "rejected" in value;
}
