import { GlideClient, GlideClusterClient } from "@valkey/valkey-glide";
import type { Subject } from "../subjects.ts";
import { eachCall } from "./each-call.ts";

/** The client of @valkey/valkey-glide, whose core is native. */
export async function glide(port: number): Promise<Subject> {
  return eachCall(await GlideClient.createClient(optionsFor(port)));
}

/** The same for a cluster. */
export async function glideCluster(port: number): Promise<Subject> {
  return eachCall(await GlideClusterClient.createClient(optionsFor(port)));
}

function optionsFor(port: number) {
  return {
    addresses: [{ host: "127.0.0.1", port }],
    // Its own limits are 1,000 requests and 250 ms, and a larger tick would fail.
    inflightRequestsLimit: 100_000,
    requestTimeout: 30_000,
  };
}
