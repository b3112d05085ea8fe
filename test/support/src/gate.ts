import type { Socket } from "node:net";

/** One direction of a proxied connection, which can be closed: what comes then is held, in order. */
export class Gate {
  readonly #to: Socket;
  #held: Buffer = Buffer.alloc(0);
  #isOpen = true;
  #hasEnded = false;

  constructor(to: Socket) {
    this.#to = to;
  }

  get held(): Buffer {
    return this.#held;
  }

  /** Whether what is held contains this text. */
  holds(text: string): boolean {
    return this.#held.includes(text);
  }

  push(data: Buffer): void {
    this.#held = this.#held.length === 0 ? data : Buffer.concat([this.#held, data]);
    if (this.#isOpen) this.pass(this.#held.length);
  }

  /** The sender has sent all: passed on like its bytes. */
  end(): void {
    this.#hasEnded = true;
    if (this.#isOpen) this.#to.end();
  }

  close(): void {
    this.#isOpen = false;
  }

  /** Passes on what was held, and from now on all that comes. */
  open(): void {
    this.#isOpen = true;
    this.pass(this.#held.length);
    if (this.#hasEnded) this.#to.end();
  }

  /** Passes on the first bytes of what is held; so many, or all if it is fewer. */
  pass(bytes: number): void {
    const passed = this.#held.subarray(0, bytes);
    this.#held = this.#held.subarray(bytes);
    if (passed.length > 0 && this.#to.writable) this.#to.write(passed);
  }
}
