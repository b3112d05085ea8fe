import type { IoredisClient } from "../client.ts";
import { builtinCommandsOf } from "../commands/method-names.ts";

/**
 * Names commands for labels of metrics, of which there must be few: those that the client's version of ioredis knows, in lower case, and `"other"`.
 * A name that is not among them may be anything, a key given by mistake as well.
 */
export function commandLabelOf(client: IoredisClient): (name: string) => string {
  const known = builtinCommandsOf(client);
  return (name) => {
    if (known.has(name)) return name;
    const lower = name.toLowerCase();
    return known.has(lower) ? lower : "other";
  };
}
