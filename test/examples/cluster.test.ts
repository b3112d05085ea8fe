import { tickpipe } from "@tickpipe/core";
import { type RunningCluster, startCluster } from "@tickpipe/test-support";
import { Cluster } from "ioredis";
import request from "supertest";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../../examples/cluster/src/app.ts";
import { seed } from "../../examples/cluster/src/seed.ts";
import { connectMasters, countNodeWrites } from "../cluster/client-nodes.ts";
import { range } from "../engine.ts";

let cluster: RunningCluster;
let client: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ masters: 3, replicasPerMaster: 0 });
  client = await connectMasters(new Cluster([...cluster.nodes]));
});

afterAll(async () => {
  client?.disconnect();
  await cluster?.stop();
});

beforeEach(async () => {
  await Promise.all(client.nodes("master").map((node) => node.flushall()));
  await seed(client);
});

const products = range(12).map((i) => `p${i + 1}`);

describe("examples/cluster", () => {
  it("reads the products of a cart in one write to each node, and their stock in another", async () => {
    const app = createApp(tickpipe(client, { splitSlots: true }));
    await Promise.all(products.map((product) => request(app).post(`/carts/ann/${product}`).expect(204)));
    await request(app).post("/carts/ann/p1").expect(204);
    const writes = countNodeWrites(client);
    const { body } = await request(app).get("/carts/ann");
    // The cart is on one node; the products, and then their stock, are on all three.
    expect(writes.take().sort()).toEqual([2, 2, 3]);
    expect(body.lines).toHaveLength(12);
    expect(body.lines).toContainEqual({ product: "p1", name: "Product 1", count: 2, cents: 100, stock: 1 });
    expect(body.lines).toContainEqual({ product: "p12", name: "Product 12", count: 1, cents: 1200, stock: 12 });
    expect(body.total).toBe(7900);
  });

  it("orders a cart once, whoever asks at the same time", async () => {
    const app = createApp(tickpipe(client, { splitSlots: true }));
    await request(app).post("/carts/bob/p2").expect(204);
    const answers = await Promise.all(range(5).map(() => request(app).post("/carts/bob/order")));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect((await request(app).get("/carts/bob")).body).toEqual({ lines: [], total: 0 });
    await request(app).post("/carts/bob/p3").expect(204);
    expect((await request(app).post("/carts/bob/order")).body).toEqual({ number: 2 });
  });

  it("knows no product that is not there", async () => {
    const app = createApp(tickpipe(client, { splitSlots: true }));
    await request(app).post("/carts/ann/p13").expect(404);
  });
});
