import { tickpipe } from "@tickpipe/core";
import { Redis } from "ioredis";
import { keys } from "./workloads.ts";

/** A way to make many calls together. */
export interface Subject {
  /** Makes `calls` GETs at once, from the `from`th key on, and resolves when all have their replies. */
  get(from: number, calls: number): Promise<unknown>;
  close(): void;
}

/** The subjects by the names that the report shows. The first is what the others are compared with. */
export const subjects: Readonly<Record<string, (port: number) => Promise<Subject>>> = {
  ioredis: (port) => callByCall(new Redis(port)),
  "ioredis enableAutoPipelining": (port) => callByCall(new Redis(port, { enableAutoPipelining: true })),
  "hand-written pipeline()": async (port) => {
    const client = await connected(new Redis(port));
    return {
      get: (from, calls) => {
        const pipeline = client.pipeline();
        for (let i = from; i < from + calls; i++) pipeline.get(keyAt(i));
        return pipeline.exec();
      },
      close: () => client.disconnect(),
    };
  },
  tickpipe: (port) => callByCall(tickpipe(new Redis(port))),
};

async function callByCall(client: Redis): Promise<Subject> {
  await connected(client);
  return {
    get: (from, calls) => {
      if (calls === 1) return client.get(keyAt(from));
      const replies: Promise<string | null>[] = [];
      for (let i = from; i < from + calls; i++) replies.push(client.get(keyAt(i)));
      return Promise.all(replies);
    },
    close: () => client.disconnect(),
  };
}

async function connected(client: Redis): Promise<Redis> {
  await client.ping();
  return client;
}

function keyAt(i: number): string {
  return keys[i % keys.length] as string;
}
