import type { Subject } from "../subjects.ts";
import type { Call } from "../workloads.ts";

/** The methods that the workloads call, by ioredis's names. */
export interface Commands {
  get(key: string): Promise<unknown>;
  set(key: string, value: string): Promise<unknown>;
  hgetall(key: string): Promise<unknown>;
  incr(key: string): Promise<unknown>;
}

/** A client that is called once for each command, the calls of a tick together. */
export function eachCall(client: Commands): Subject {
  return {
    can: () => true,
    make: (calls) => {
      const [only] = calls;
      if (calls.length === 1 && only) return callOne(client, only);
      return Promise.all(calls.map((call) => callOne(client, call)));
    },
  };
}

function callOne(client: Commands, { command, key, value }: Call): Promise<unknown> {
  return command === "set" ? client.set(key, value) : client[command](key);
}
