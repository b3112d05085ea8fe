import type { Tickpiped } from "@tickpipe/core";
import type { Cluster } from "ioredis";

export interface CartLine {
  readonly product: string;
  readonly name: string;
  readonly count: number;
  readonly cents: number;
}

// The part in braces decides on the slot: what belongs to one user is on one node, so that a transaction can have all of it. Products are everywhere.
const cartOf = (user: string): string => `{user:${user}}:cart`;
const ordersOf = (user: string): string => `{user:${user}}:orders`;
const productAt = (id: string): string => `product:${id}`;

export async function addToCart(redis: Tickpiped<Cluster>, user: string, product: string): Promise<boolean> {
  if ((await redis.exists(productAt(product))) === 0) return false;
  await redis.hincrby(cartOf(user), product, 1);
  return true;
}

/** The products are on all nodes: the calls leave as one write to each node that has some. */
export async function cartLines(redis: Tickpiped<Cluster>, user: string): Promise<CartLine[]> {
  const cart = Object.entries(await redis.hgetall(cartOf(user)));
  return Promise.all(
    cart.map(async ([product, count]) => {
      const { name = "", cents = "0" } = await redis.hgetall(productAt(product));
      return { product, name, count: Number(count), cents: Number(cents) };
    }),
  );
}

/** Turns a cart into an order, once, whoever else changes the cart meanwhile; `null` if it is empty. */
export async function order(redis: Tickpiped<Cluster>, user: string): Promise<number | null> {
  const replies = await redis.tickpipe.transaction([cartOf(user)], async (tx) => {
    const cart = await tx.hgetall(cartOf(user));
    if (Object.keys(cart).length === 0) return null;
    return tx.multi().rpush(ordersOf(user), JSON.stringify(cart)).del(cartOf(user));
  });
  if (replies === null) return null;
  for (const [error] of replies) if (error) throw error;
  return Number(replies[0]?.[1]);
}

/** The numbers of keys in many slots by one call: `splitSlots` makes it one command for each. */
export async function stockOf(redis: Tickpiped<Cluster>, products: readonly string[]): Promise<(string | null)[]> {
  return products.length === 0 ? [] : redis.mget(products.map((product) => `stock:${product}`));
}
