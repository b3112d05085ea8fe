import type { OutcomeWatcher, WatchedCommand } from "../commands/watched-command.ts";
import { copyError, copyReply } from "../replies/copy-reply.ts";
import type { IoredisCommand, IoredisCommandClass } from "./ioredis-command.ts";

/** What all lean commands of one name share. */
export interface LeanKind {
  readonly name: string;
  /** `"utf8"`, or `null` for the `Buffer` variant. */
  readonly replyEncoding: "utf8" | null;
  /** The start of the command on the wire, by the number of its arguments: `*2\r\n$3\r\nget\r\n`. */
  readonly heads: string[];
}

/** A command that is made and answered with less work; to ioredis, a command like any other. */
export interface LeanCommand extends IoredisCommand, WatchedCommand {
  get reject(): (error: unknown) => void;
  set reject(replacement: (error: unknown) => void);
  /** For whoever keeps it to share its reply: when it was called. */
  sharedAt: number;
  /** Has its reply, or its error, copied for another call of the same. */
  share(): Fellow;
}

/** A call that is not sent, since another call's reply is its own as well. */
export interface Fellow extends WatchedCommand {
  /** Lets it settle: at once if the other call has, else together with it. */
  release(): void;
}

/** Makes a lean command. Its arguments are strings and Buffers only. */
export type LeanCommandClass = new (kind: LeanKind, args: (string | Uint8Array)[], hasBuffers: boolean) => LeanCommand;

// A promise's two functions, handed out by one executor for all commands: a closure each would cost an allocation.
let resolveLatest: (reply: unknown) => void;
let rejectLatest: (error: unknown) => void;
const handOut = (resolve: (reply: unknown) => void, reject: (error: unknown) => void): void => {
  resolveLatest = resolve;
  rejectLatest = reject;
};

const classesOfVersions = new WeakMap<IoredisCommandClass, { single: LeanCommandClass; cluster: LeanCommandClass }>();

/** The class of lean commands for a client: one for each version of ioredis, for a Cluster or not. */
export function leanCommandClassFor(Command: IoredisCommandClass, isCluster: boolean): LeanCommandClass {
  let classes = classesOfVersions.get(Command);
  if (classes === undefined) {
    const single = leanCommandClass(Command);
    classes = { single, cluster: clusterLeanCommandClass(single) };
    classesOfVersions.set(Command, classes);
  }
  return isCluster ? classes.cluster : classes.single;
}

/**
 * Makes the class of those for a Cluster, which replaces `reject` of each command and has it find its keys: with fields for all three, that
 * costs a quarter of what it costs to define them on each command.
 */
function clusterLeanCommandClass(Lean: LeanCommandClass): LeanCommandClass {
  class ClusterLean extends Lean {
    slot: number | null | undefined = undefined;
    keys: unknown[] | undefined = undefined;
    #reject: ((error: unknown) => void) | null = null;

    override get reject(): (error: unknown) => void {
      return this.#reject ?? super.reject;
    }

    override set reject(replacement: (error: unknown) => void) {
      this.#reject = replacement;
    }
  }
  Object.defineProperty(ClusterLean, "name", { value: "Command" });
  return ClusterLean;
}

/**
 * Makes the class of lean commands for one version of ioredis. It inherits from that version's `Command`, so that whatever
 * ioredis asks of a command is there: timers, keys and slots, reply transformers. Only the
 * constructor, the way to the wire and the commonest replies are its own.
 */
function leanCommandClass(Command: IoredisCommandClass): LeanCommandClass {
  const native = Command.prototype;
  const { transformReply, toWritable } = native;
  const replyTransformers = Command._transformer.reply;

  // The fields are those that ioredis's constructor sets, in one place and order, so that all commands have one shape.
  class Lean {
    readonly name: string;
    readonly args: (string | Uint8Array)[];
    readonly replyEncoding: "utf8" | null;
    readonly promise: Promise<unknown>;
    readonly bufferMode: boolean;
    readonly errorStack = undefined;
    readonly callback = undefined;
    readonly transformed = true;
    inTransaction = false;
    isTraced = false;
    isResolved = false;
    isSettled = false;
    protocol = 2;
    replyMapping = "legacy";
    _commandTimeoutTimer: NodeJS.Timeout | undefined = undefined;
    readonly #kind: LeanKind;
    readonly #resolve: (reply: unknown) => void;
    readonly #reject: (error: unknown) => void;
    sharedAt = 0;
    /** Commands that are not sent, but answered with this one's reply. */
    #fellows: Lean[] | null = null;
    /** Settles a fellow, once that can be done; `undefined` until then. */
    #outcome: (() => void) | undefined = undefined;
    #isHeld = false;
    #watcher: OutcomeWatcher | null = null;

    constructor(kind: LeanKind, args: (string | Uint8Array)[], hasBuffers: boolean) {
      this.#kind = kind;
      this.name = kind.name;
      this.replyEncoding = kind.replyEncoding;
      this.args = args;
      this.bufferMode = hasBuffers;
      this.promise = new Promise(handOut);
      this.#resolve = resolveLatest;
      this.#reject = rejectLatest;
    }

    toWritable(stream: unknown): string | Uint8Array {
      if (this.bufferMode) return toWritable.call(this as never, stream);
      const { args } = this;
      let wire = headOf(this.#kind, args.length);
      for (let i = 0; i < args.length; i++) {
        const arg = args[i] as string;
        wire += `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`;
      }
      return wire;
    }

    // ioredis's own are closures, and tracing agents call them detached. Made when they are asked for, which for most
    // commands is once, they cost less than two closures for each command that waits.
    get resolve(): (reply: unknown) => Promise<unknown> {
      return (reply) => this.#settle(reply);
    }

    set resolve(replacement: (reply: unknown) => Promise<unknown>) {
      replaceMethod(this, "resolve", replacement);
    }

    get reject(): (error: unknown) => void {
      return (error) => this.#fail(error);
    }

    set reject(replacement: (error: unknown) => void) {
      replaceMethod(this, "reject", replacement);
    }

    share(): Fellow {
      const fellow = new Lean(this.#kind, this.args, this.bufferMode);
      fellow.#isHeld = true;
      this.#fellows ??= [];
      this.#fellows.push(fellow);
      return fellow;
    }

    release(): void {
      this.#isHeld = false;
      this.#outcome?.();
    }

    watch(watcher: OutcomeWatcher): void {
      this.#watcher = watcher;
    }

    abandon(error: unknown): void {
      this.#reject(error);
    }

    #settle(reply: unknown): Promise<unknown> {
      this.#clearTimer();
      if (this.#fellows !== null) return this.#settleWithFellows(this.#fellows, reply);
      try {
        const value = this.#toValue(reply);
        if (this.#watcher !== null) this.#takeWatcher()?.replied(value);
        this.#resolve(value);
        this.isResolved = true;
        this.isSettled = true;
      } catch (error) {
        this.reject(error);
      }
      return this.promise;
    }

    #fail(error: unknown): void {
      this.#clearTimer();
      this.isSettled = true;
      if (this.#watcher !== null) this.#takeWatcher()?.failed(error);
      this.#reject(error);
      if (this.#fellows === null) return;
      for (const fellow of this.#fellows) fellow.#conclude(() => fellow.#fail(copyError(error)));
    }

    // The copies are made before the first caller has its reply and can change it.
    #settleWithFellows(fellows: readonly Lean[], reply: unknown): Promise<unknown> {
      this.#fellows = null;
      const isText = reply instanceof Buffer && this.replyEncoding !== null;
      const copies = fellows.map(() => (isText ? reply : copyReply(reply)));
      this.#settle(reply);
      fellows.forEach((fellow, i) => {
        fellow.protocol = this.protocol;
        fellow.replyMapping = this.replyMapping;
        fellow.#conclude(() => fellow.#settle(copies[i]));
      });
      return this.promise;
    }

    // Told once: after a timeout the late reply comes as well.
    #takeWatcher(): OutcomeWatcher | null {
      const watcher = this.#watcher;
      this.#watcher = null;
      return watcher;
    }

    #conclude(settle: () => void): void {
      if (this.#isHeld) this.#outcome = settle;
      else settle();
    }

    // ioredis's `setTimeout` keeps its timer here. Lean commands never block, and so have no other.
    #clearTimer(): void {
      if (this._commandTimeoutTimer === undefined) return;
      clearTimeout(this._commandTimeoutTimer);
      this._commandTimeoutTimer = undefined;
    }

    /** ioredis's `transformReply`, with a shorter way for a reply that it would only make a string, or leave as it is. */
    #toValue(reply: unknown): unknown {
      if (replyTransformers[this.name] === undefined) {
        if (reply instanceof Buffer) return this.replyEncoding === null ? reply : reply.toString("utf8");
        if (typeof reply !== "object" || reply === null) return reply;
      }
      return transformReply.call(this as never, reply);
    }
  }
  Object.setPrototypeOf(Lean.prototype, native);
  Object.defineProperty(Lean, "name", { value: "Command" });
  // The methods that it does not declare itself are inherited by the line above, which TypeScript does not follow.
  return Lean as unknown as LeanCommandClass;
}

function headOf(kind: LeanKind, argumentCount: number): string {
  const known = kind.heads[argumentCount];
  if (known !== undefined) return known;
  const head = `*${argumentCount + 1}\r\n$${kind.name.length}\r\n${kind.name}\r\n`;
  kind.heads[argumentCount] = head;
  return head;
}

// himport replaces `reject`, and tracing agents both, on the command itself.
function replaceMethod(command: object, name: "resolve" | "reject", replacement: unknown): void {
  Object.defineProperty(command, name, { value: replacement, writable: true, configurable: true, enumerable: true });
}
