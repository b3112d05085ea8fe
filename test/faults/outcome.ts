import { type Ledger, SETTLES_WITHIN_MS } from "./ledger.ts";

/** How the calls of a script came out, and in which order. */
export interface CallOutcomes {
  /** By caller and call. */
  readonly values: Readonly<Record<string, unknown>>;
  /** By caller, its calls in the order in which they settled. */
  readonly order: Readonly<Record<string, readonly string[]>>;
}

const NOT_SETTLED = "not settled";

/** The value that a caller writes under a key, and that no other caller may ever see. */
export function ownedValue(key: string, owner: string): string {
  return `${key}:of:${owner}:`;
}

/** Keeps what each caller gets, and refuses what belongs to another. */
export class Callers implements CallOutcomes {
  readonly values: Record<string, unknown> = {};
  readonly order: Record<string, string[]> = {};
  /** What reached a caller and was another's. */
  readonly strays: string[] = [];
  readonly #ledger: Ledger;
  readonly #noted: Promise<unknown>[] = [];

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Notes a call and, later, its outcome; a rejection is an outcome as well. */
  readonly note = (owner: string, call: string, promise: Promise<unknown>): void => {
    const label = `${owner} ${call}`;
    if (label in this.values) throw new Error(`Expected one call ${label}, got another.`);
    this.values[label] = NOT_SETTLED;
    const note = (value: unknown): void => {
      this.values[label] = value;
      this.order[owner] = [...(this.order[owner] ?? []), call];
      for (const stray of strays(owner, value)) this.strays.push(`${label} got a reply of ${stray}`);
    };
    const outcome = this.#ledger.track(label, promise).then(
      (value) => note(comparable(value)),
      (error) => note({ rejected: comparable(error) }),
    );
    this.#noted.push(outcome);
  };

  /**
   * Waits until the calls that were noted so far have settled.
   *
   * @throws {Error} naming those that have not, after 10 seconds
   */
  async settled(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise((_resolve, reject) => {
      timer = setTimeout(() => {
        const open = Object.keys(this.values).filter((label) => this.values[label] === NOT_SETTLED);
        reject(new Error(`${open.length} calls have not settled: ${open.slice(0, 20).join(", ")}`));
      }, SETTLES_WITHIN_MS);
    });
    try {
      await Promise.race([Promise.all(this.#noted), deadline]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Owners other than this one whose values are found in a value, at any depth. */
function strays(owner: string, value: unknown): string[] {
  const found = JSON.stringify(value, (_key, each) => (isBufferJson(each) ? Buffer.from(each.data).toString() : each));
  return [...(found ?? "").matchAll(/:of:([^:]+):/g)].flatMap(([, other]) => (other && other !== owner ? [other] : []));
}

function isBufferJson(value: unknown): value is { data: number[] } {
  return typeof value === "object" && value !== null && "type" in value && value.type === "Buffer";
}

/** A value with its errors as plain objects, for comparison: class, message, code, and the command it came from. */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (!(value instanceof Error)) return value;
  const { code, command } = value as Error & { code?: unknown; command?: { name: string; args: unknown[] } };
  return {
    class: value.constructor.name,
    name: value.name,
    message: value.message,
    ...(code !== undefined && { code }),
    ...(command && { command: { name: command.name, args: command.args.map(String) } }),
  };
}
