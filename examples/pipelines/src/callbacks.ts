import type { Redis } from "ioredis";

/** Reads two settings in one pipeline, each with what is to be done with its own reply. */
export async function settings(redis: Redis): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  await redis
    .pipeline()
    .get("theme", (error, theme) => found.set("theme", error ? "unreadable" : (theme ?? "light")))
    .get("language", (error, language) => found.set("language", error ? "unreadable" : (language ?? "en")))
    .exec();
  return found;
}
