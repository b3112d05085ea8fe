// The code of docs/faq.md.
import type { Redis } from "ioredis";

export async function writeAll(redis: Redis, rows: { key: string; value: string }[]) {
  // #region many
  for (let start = 0; start < rows.length; start += 1_000) {
    await Promise.all(rows.slice(start, start + 1_000).map(({ key, value }) => redis.set(key, value)));
  }
  // #endregion many
}
