import { eventually } from "@tickpipe/test-support";
import { Cluster } from "ioredis";
import { expect, it, onTestFinished } from "vitest";
import { CALLS, runToItsEnd } from "../ending-program.ts";
import { useCluster } from "./cluster-sides.ts";

const setup = useCluster();

it.each(["process.exit();", 'throw new Error("x");'])(
  "what a tick has called on a Cluster is written, as with the plain client, though it ends by %s",
  async (end) => {
    const cluster = new Cluster([...setup.cluster.nodes]);
    onTestFinished(() => cluster.disconnect());
    const keys = ["plain", "wrapped"];
    for (const key of keys) await cluster.del(key);
    await runToItsEnd(`call(); ${end}`, { client: `new Cluster(${JSON.stringify(setup.cluster.nodes)})` });
    const counts = (): Promise<(string | null)[]> => Promise.all(keys.map((key) => cluster.get(key)));
    await eventually("all has arrived", async () => (await counts()).every((count) => count === `${CALLS}`));
    expect(await counts()).toEqual([`${CALLS}`, `${CALLS}`]);
  },
);
