import type { Cluster } from "ioredis";

/** Twelve products, which are on all nodes of three. */
export async function seed(redis: Cluster): Promise<void> {
  const numbers = Array.from({ length: 12 }, (_, i) => i + 1);
  await Promise.all(
    numbers.flatMap((n) => [
      redis.hset(`product:p${n}`, { name: `Product ${n}`, cents: n * 100 }),
      redis.set(`stock:p${n}`, n),
    ]),
  );
}
