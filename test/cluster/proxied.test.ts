import { tickpipe } from "@tickpipe/core";
import { moveSlots, slotOf, startProxy, type Proxy as TlsProxy } from "@tickpipe/test-support";
import { Cluster } from "ioredis";
import { generate } from "selfsigned";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { connectAll, countNodeWrites } from "./client-nodes.ts";
import { tagsIn, useCluster } from "./cluster-sides.ts";
import { calledMore, Load, underLoad } from "./load.ts";

// As many managed services have it: what the nodes call themselves is not where they are found, and TLS ends before them.
describe("a cluster behind TLS proxies, found by natMap", () => {
  const setup = useCluster();
  const proxies: TlsProxy[] = [];
  let make: () => Cluster;
  let client: Cluster;

  beforeEach(async () => {
    const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], { keySize: 2048 });
    const natMap: Record<string, { host: string; port: number }> = {};
    for (const { host, port } of setup.cluster.nodes) {
      const proxy = await startProxy(port, { tls: { key, cert } });
      proxies.push(proxy);
      natMap[`${host}:${port}`] = { host, port: proxy.port };
    }
    const redisOptions = { tls: { ca: cert, servername: "localhost" } };
    make = () => new Cluster(Object.values(natMap), { natMap, redisOptions });
    client = await connectAll(make());
  });
  afterEach(async () => {
    client?.disconnect();
    for (const proxy of proxies.splice(0)) await proxy.stop();
  });

  it("one write per node and tick", async () => {
    const redis = tickpipe(client, { blocking: "isolate" });
    const writes = countNodeWrites(client);
    const replies = await Promise.all(range(100).map((i) => redis.set(`k${i}`, i)));
    expect(replies).toEqual(range(100).map(() => "OK"));
    expect(writes.take()).toEqual([1, 1, 1]);
  });

  it("slots that move under load: no redirection reaches a caller, and blocked calls and transactions find their node", async () => {
    const [from, to] = setup.cluster.nodes;
    if (!from || !to) throw new Error("Expected masters.");
    const slots = range(10).map((i) => 40 + i);
    const tags = tagsIn(slots);
    const redis = tickpipe(client, { blocking: "isolate" });
    const load = new Load("proxied", redis, tags);
    await load.seed();
    await underLoad([load], 1_000, () =>
      moveSlots(setup.cluster, { from, to, slots, atOnce: 10, onHalf: () => calledMore([load], 100) }),
    );
    expect(await load.outcome()).toMatchObject({ wrong: [], miscounted: 0, errors: {} });

    const key = `{${tags[0]}}`;
    expect(slots).toContain(slotOf(key));
    const popped = redis.blpop(`${key}:list`, 0);
    await redis.rpush(`${key}:list`, "item");
    expect(await popped).toEqual([`${key}:list`, "item"]);
    expect(await redis.tickpipe.transaction([key], (tx) => tx.multi().set(key, 1))).toEqual([[null, "OK"]]);
  });
});
