import type { ScopeRecord } from "@tickpipe/core";
import type { ServedRequest } from "./served-request.ts";

/** A request that is over. */
export interface LoggedRequest {
  readonly id: string;
  /** Its place among all that were ever logged, from 1. */
  readonly sequence: number;
  /** `null` for a scope that no HTTP request opened. */
  readonly served: ServedRequest | null;
  readonly record: ScopeRecord;
}

/** What all kept records may hold, in bytes, as `bytesOf` reckons. */
const MOST_BYTES = 64 * 1024 * 1024;
/** What a recorded call holds without its keys and its stack, and what its stack holds: together 2.8 kB were measured behind Express 5 on Node 20. */
const BYTES_OF_CALL = 500;
const BYTES_OF_STACK = 2_300;

/** The newest requests. The oldest go when there are more than asked for, or when they hold too much. */
export class RequestLog {
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #requests = new Map<string, LoggedRequest>();
  #bytes = 0;
  #sequence = 0;

  constructor(most: number, mostBytes: number = MOST_BYTES) {
    this.#most = most;
    this.#mostBytes = mostBytes;
  }

  /** How many were ever logged. */
  get sequence(): number {
    return this.#sequence;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Is told of each request that is added. */
  onAdd: ((request: LoggedRequest) => void) | null = null;

  add(id: string, served: ServedRequest | null, record: ScopeRecord): void {
    this.#sequence += 1;
    const request = { id, sequence: this.#sequence, served, record };
    this.#requests.set(id, request);
    this.onAdd?.(request);
    this.#bytes += bytesOf(request);
    for (const [oldest, request] of this.#requests) {
      if (this.#requests.size <= this.#most && this.#bytes <= this.#mostBytes) break;
      this.#requests.delete(oldest);
      this.#bytes -= bytesOf(request);
    }
  }

  clear(): void {
    this.#requests.clear();
    this.#bytes = 0;
  }

  find(id: string): LoggedRequest | undefined {
    return this.#requests.get(id);
  }

  /** The newest first: those after a sequence number, at most so many. */
  newest(after: number, most: number): LoggedRequest[] {
    const all = [...this.#requests.values()];
    const from = all.findIndex(({ sequence }) => sequence > after);
    return from < 0 ? [] : all.slice(Math.max(from, all.length - most)).reverse();
  }
}

function bytesOf({ served, record }: Pick<LoggedRequest, "served" | "record">): number {
  let bytes = served === null ? 0 : (served.path.length + served.route.length) * 2;
  for (const { keys, callSite } of record.calls) {
    bytes += BYTES_OF_CALL + (callSite === null ? 0 : BYTES_OF_STACK);
    for (const key of keys) bytes += key.length * 2;
  }
  return bytes;
}
