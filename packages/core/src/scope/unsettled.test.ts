import { describe, expect, it } from "vitest";
import type { WatchedCommand } from "../commands/watched-command.ts";
import { Unsettled } from "./unsettled.ts";

class FakeCommand implements WatchedCommand {
  isSettled = false;
  readonly promise = new Promise<unknown>(() => {});
  readonly abandoned: unknown[] = [];
  watch(): void {}
  abandon(error: unknown): void {
    this.abandoned.push(error);
  }
}

const gone = (): Error => new Error("gone");

describe("Unsettled", () => {
  it("gives up what has not settled, each with an error of its own, however many have", () => {
    const unsettled = new Unsettled();
    const commands = Array.from({ length: 500 }, () => new FakeCommand());
    for (const [i, command] of commands.entries()) {
      expect(unsettled.add(command.promise, command, null), "its caller has the command's own promise").toBe(
        command.promise,
      );
      if (i % 10 !== 0) command.isSettled = true;
    }
    unsettled.rejectAll(gone);
    const abandoned = commands.filter((command) => command.abandoned.length > 0);
    expect(abandoned).toEqual(commands.filter((_, i) => i % 10 === 0));
    expect(new Set(abandoned.flatMap((command) => command.abandoned)).size).toBe(50);
    unsettled.rejectAll(gone);
    expect(
      abandoned.flatMap((command) => command.abandoned),
      "once",
    ).toHaveLength(50);
  });

  it("lets callers of what has no command behind it stop waiting, and hides no outcome that came before", async () => {
    const unsettled = new Unsettled();
    const forever = unsettled.add(new Promise(() => {}), null, null);
    const answered = unsettled.add(Promise.resolve("reply"), null, null);
    const failed = unsettled.add(Promise.reject(new RangeError("its own")), null, null);
    expect(await answered).toBe("reply");
    await expect(failed).rejects.toThrow("its own");
    unsettled.rejectAll(gone);
    await expect(forever).rejects.toThrow("gone");
  });

  it("forgets what it was told, so that a closed scope's calls finish", async () => {
    const unsettled = new Unsettled();
    const command = new FakeCommand();
    unsettled.add(command.promise, command, null);
    let answer = (_reply: string): void => {};
    const answered = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const other = unsettled.add(answered, null, null);
    unsettled.clear();
    unsettled.rejectAll(gone);
    answer("reply");
    expect([command.abandoned, await other]).toEqual([[], "reply"]);
  });
});
