/*
 * A shop on a Redis Cluster: its products are spread over all nodes, and a user's cart and orders are together on one, by their hash tag.
 *
 *   npx -y pnpm@12.21.0 example cluster
 */
import { tickpipe } from "@tickpipe/core";
import { serve } from "@tickpipe/example-server";
import { Cluster } from "ioredis";
import { createApp } from "./app.ts";
import { seed } from "./seed.ts";

const nodes = (process.env.REDIS_NODES ?? "127.0.0.1:7000").split(",");
const redis = tickpipe(new Cluster(nodes.map((node) => `redis://${node}`)), { splitSlots: true });
redis.on("error", (error) => console.error(`Redis: ${error.message}`));
await seed(redis);
await serve(createApp(redis), () => redis.quit());
