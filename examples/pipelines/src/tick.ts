import type { Redis } from "ioredis";

/** Counts a visit, and tells the page's numbers. */
export async function visit(redis: Redis, page: string): Promise<{ visits: number; likes: number }> {
  const [visits, likes] = await Promise.all([redis.incr(`visits:${page}`), redis.scard(`likes:${page}`)]);
  return { visits, likes };
}
