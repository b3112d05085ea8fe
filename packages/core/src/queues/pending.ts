import type { ClientInternals, PendingCommand } from "../client.ts";
import { firstPending, pendingBytes, pendingCommands } from "./queues.ts";

/** What is pending on a client, be it of one connection or of a cluster's. */
export interface Pending {
  /** How many commands. */
  commands(): number;
  /** How many bytes the arguments of all of them hold. Walks the queues. */
  bytes(): number;
  /** The clients in whose queues commands are: this one, and the nodes of a cluster. */
  clients(): ClientInternals[];
  /** Of each connection the command that will be answered first. */
  firsts(): PendingCommand[];
  /** Whether a command may be pending that is in no queue, so that nobody tells when it settles. */
  readonly mayHide: boolean;
}

/** What is pending on a client of one connection. */
export function pendingOn(internals: ClientInternals): Pending {
  return {
    commands: () => pendingCommands(internals),
    bytes: () => pendingBytes(internals),
    clients: () => [internals],
    firsts: () => {
      const first = firstPending(internals);
      return first === null ? [] : [first];
    },
    mayHide: false,
  };
}

/** What is pending on either. */
export function together(one: Pending, other: Pending): Pending {
  return {
    commands: () => one.commands() + other.commands(),
    bytes: () => one.bytes() + other.bytes(),
    clients: () => [...one.clients(), ...other.clients()],
    firsts: () => [...one.firsts(), ...other.firsts()],
    mayHide: one.mayHide || other.mayHide,
  };
}
