import { type ClientInternals, type IoredisClient, internalsOf } from "../client.ts";
import { isAddedCommand } from "../commands/method-names.ts";
import { type CommandParts, commandPartsOf } from "../lean/ioredis-command.ts";
import { takeCallSite } from "../observe/call-site.ts";
import type { CallSite } from "../observe/records.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** A command of ioredis, which takes the stack of its call where `showFriendlyErrorStack` asks for it. */
interface StackedCommand {
  errorStack?: { stack?: unknown } | undefined;
}

/**
 * Has the errors of a client with `showFriendlyErrorStack` lead to the caller's line. ioredis takes the stack when it makes the command and leaves its own
 * frames out; Tickpipe's would stand in their place, or the line of a tick's end for a call that a stage has kept.
 */
export class CallerStacks {
  readonly #client: IoredisClient;
  readonly #internals: ClientInternals;
  /** By the list of a call's arguments. */
  readonly #taken = new WeakMap<object, CallSite>();
  #parts: CommandParts | null | undefined;

  constructor(client: IoredisClient) {
    this.#client = client;
    this.#internals = internalsOf(client);
  }

  /** Whether errors are to lead to the caller's line. */
  get isAsked(): boolean {
    return Boolean(this.#internals.options?.showFriendlyErrorStack);
  }

  /** Takes the stack of the running call, for whenever it is sent. */
  take(args: readonly unknown[]): void {
    this.#taken.set(args, takeCallSite(this.take));
  }

  /** Tells that a call is kept with these arguments in the place of its own. */
  kept(args: readonly unknown[], own: readonly unknown[]): void {
    const site = this.#taken.get(args);
    if (site !== undefined) this.#taken.set(own, site);
  }

  /** Calls a method of the client as ever, but for the stack that its command has. */
  call(name: string, method: unknown, args: unknown[]): unknown {
    const site = this.#taken.get(args) ?? takeCallSite(this.call);
    return (method as Method).apply(this.#isOfIoredis(name, method) ? this.#withStack(site) : this.#client, args);
  }

  /** Gives the commands that a pipeline was made with the stack of the running call. */
  ofQueue(queue: readonly object[]): void {
    const site = takeCallSite(this.ofQueue);
    for (const command of queue) setStack(command, site);
  }

  // A subclass's own method may have private fields, which no other `this` has.
  #isOfIoredis(name: string, method: unknown): boolean {
    if (isAddedCommand(this.#internals, name)) return true;
    this.#parts ??= commandPartsOf(this.#client);
    return this.#parts?.generatedMethod(name) === method;
  }

  // ioredis's methods make a command and give it to `sendCommand` of their `this`; some reject it there at once.
  #withStack(site: CallSite): object {
    const client = this.#client as unknown as { sendCommand: Method };
    const sendCommand = (command: object, ...rest: unknown[]): unknown => {
      setStack(command, site);
      return client.sendCommand(command, ...rest);
    };
    return Object.create(client, { sendCommand: { value: sendCommand } }) as object;
  }
}

function setStack(command: StackedCommand, site: CallSite): void {
  if (command.errorStack !== undefined) command.errorStack = { stack: `Error\n${site.stack}` };
}
