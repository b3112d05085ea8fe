// redlock 4 has no types of its own, and those of DefinitelyTyped are for ioredis 4: here is what the tests call.
declare module "redlock" {
  import type { EventEmitter } from "node:events";

  type Callback<T> = (error: Error | null, result: T) => void;

  class Lock {
    readonly value: string;
    readonly attempts: number;
    unlock(callback: Callback<void>): Promise<void>;
    extend(ttl: number): Promise<Lock>;
  }

  export default class Redlock extends EventEmitter {
    constructor(
      clients: readonly unknown[],
      options?: { retryCount?: number; retryDelay?: number; retryJitter?: number },
    );
    lock(resource: string | readonly string[], ttl: number): Promise<Lock>;
    unlock(lock: Lock): Promise<void>;
  }
}
