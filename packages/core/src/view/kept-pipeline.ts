import type { QueuedCommand } from "../client.ts";

/** What holds a pipeline's commands; of ioredis's own making. */
interface Collecting {
  readonly _queue?: readonly QueuedCommand[];
}

/**
 * Takes a snapshot of a pipeline that is kept: copies its Buffers, which its caller may write over, and remembers its commands.
 *
 * @returns executes it, without the commands that were added since: natively they would be too late, too
 */
export function keepPipeline(pipeline: Collecting): (exec: () => unknown) => unknown {
  const { length } = pipeline._queue ?? [];
  for (const { args } of pipeline._queue ?? []) {
    args.forEach((argument, i) => {
      if (argument instanceof Buffer) (args as unknown[])[i] = Buffer.from(argument);
    });
  }
  return (exec) => {
    const added = (pipeline._queue as QueuedCommand[]).splice(length);
    try {
      return exec();
    } finally {
      for (const command of added) (pipeline._queue as QueuedCommand[]).push(command);
    }
  };
}
