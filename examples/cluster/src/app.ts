import type { Tickpiped } from "@tickpipe/core";
import { onError } from "@tickpipe/example-server/on-error";
import express, { type Express } from "express";
import type { Cluster } from "ioredis";
import { addToCart, cartLines, order, stockOf } from "./carts.ts";

/** `POST /carts/ann/p1` puts a product into Ann's cart, `GET /carts/ann` shows it, `POST /carts/ann/order` orders it. */
export function createApp(redis: Tickpiped<Cluster>): Express {
  const app = express();
  app.disable("x-powered-by");

  app.get("/carts/:user", async (req, res) => {
    const lines = await cartLines(redis, req.params.user);
    const stock = await stockOf(
      redis,
      lines.map(({ product }) => product),
    );
    const total = lines.reduce((sum, { cents, count }) => sum + cents * count, 0);
    res.json({ lines: lines.map((line, i) => ({ ...line, stock: Number(stock[i] ?? 0) })), total });
  });

  app.post("/carts/:user/order", async (req, res) => {
    const number = await order(redis, req.params.user);
    if (number === null) res.status(409).json({ error: "the cart is empty" });
    else res.status(201).json({ number });
  });

  app.post("/carts/:user/:product", async (req, res) => {
    const { user, product } = req.params;
    if (await addToCart(redis, user, product)) res.status(204).end();
    else res.status(404).json({ error: "no such product" });
  });

  app.use(onError);
  return app;
}
