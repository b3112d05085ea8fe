import { tickpipe } from "@tickpipe/core";
import { Command, type Redis } from "ioredis";
import { describe, expect, it, vi } from "vitest";
import { useServer } from "../engine.ts";

const server = useServer();

interface Transformers {
  setReplyTransformer(name: string, transform: (reply: unknown) => unknown): void;
  setArgumentTransformer(name: string, transform: (args: unknown[]) => unknown[]): void;
  readonly _transformer: Record<"reply" | "argument", Record<string, unknown>>;
}
// `setReplyTransformer` is public; the table behind it is read here to clean up.
const transformers = Command as unknown as Transformers;

describe("a lean command", () => {
  it("is made for plain calls only, and is a Command of the client's ioredis", async () => {
    const raw = server.client();
    const redis = tickpipe(raw);
    const sent: { lean: boolean; name: string }[] = [];
    const { sendCommand } = raw;
    raw.sendCommand = function (this: Redis, command: Command, ...rest: []) {
      expect(command).toBeInstanceOf(Command);
      // Only ioredis's constructor leaves these on the command itself.
      sent.push({ lean: !Object.hasOwn(command, "resolve"), name: command.name });
      return sendCommand.call(this, command, ...rest);
    } as typeof sendCommand;
    await redis.ping();
    sent.length = 0;
    await Promise.all([
      redis.set("k", 1),
      redis.getBuffer(Buffer.from("k")),
      redis.get("k", () => {}),
      redis.mget(["k"]),
      redis.hset("h", { f: 1 }),
      redis.set("k", null as never),
      redis.set("k", 2 ** 60),
      redis.call("get", "k"),
      redis.xread("COUNT", 1, "STREAMS", "none", "0"),
      redis.unwatch(),
    ]);
    expect(sent.filter(({ lean }) => lean).map(({ name }) => name)).toEqual(["set", "get"]);
    expect(sent).toHaveLength(10);
  });

  it("lets a tracing agent replace its resolve and reject, and call the replaced ones detached", async () => {
    const raw = server.client();
    const redis = tickpipe(raw);
    await redis.set("k", "text");
    const seen: unknown[] = [];
    const { sendCommand } = raw;
    // As @opentelemetry/instrumentation-ioredis does it.
    raw.sendCommand = function (this: Redis, command: Command, ...rest: []) {
      const result = sendCommand.call(this, command, ...rest);
      const { resolve, reject } = command;
      command.resolve = (reply: unknown) => {
        seen.push(["resolved", String(reply)]);
        resolve(reply);
      };
      command.reject = (error: Error) => {
        seen.push(["rejected", error.name]);
        reject(error);
      };
      return result;
    } as typeof sendCommand;
    const [get, incr] = await Promise.allSettled([redis.get("k"), redis.incr("k")]);
    expect([get, incr]).toMatchObject([{ value: "text" }, { reason: { name: "ReplyError" } }]);
    expect(seen).toEqual([
      ["resolved", "text"],
      ["rejected", "ReplyError"],
    ]);
  });

  it("applies a reply transformer of the user's own", async () => {
    const redis = tickpipe(server.client());
    await redis.set("k", "v");
    transformers.setReplyTransformer("get", (reply) => ({ wrapped: reply }));
    try {
      expect(await Promise.all([redis.get("k"), redis.getBuffer("k")])).toEqual([
        { wrapped: "v" },
        { wrapped: Buffer.from("v") },
      ]);
    } finally {
      delete transformers._transformer.reply.get;
    }
    expect(await redis.get("k")).toBe("v");
  });

  it("rejects, and nothing else, when a reply transformer throws", async () => {
    const redis = tickpipe(server.client());
    transformers.setReplyTransformer("get", () => {
      throw new Error("not this reply");
    });
    try {
      const [get, ping] = await Promise.allSettled([redis.get("k"), redis.ping()]);
      expect([get, ping]).toMatchObject([{ reason: { message: "not this reply" } }, { value: "PONG" }]);
    } finally {
      delete transformers._transformer.reply.get;
    }
  });

  it.each([
    ["set", "before"],
    ["set", "after"],
    ["hset", "before"],
    ["hset", "after"],
  ])("gives an argument transformer of the user's own the arguments of %s, set %s wrapping", async (name, when) => {
    const raw = server.client();
    await raw.flushall();
    if (when === "after") tickpipe(raw);
    const before = transformers._transformer.argument[name];
    const args = name === "set" ? ["key", 5] : ["key", "f", 5];
    const seen = vi.fn((given: unknown[]) => ["other", ...given.slice(1)]);
    transformers.setArgumentTransformer(name, seen);
    const redis = tickpipe(raw);
    try {
      await (redis as unknown as Record<string, (...a: unknown[]) => Promise<unknown>>)[name]?.(...args);
    } finally {
      if (before) transformers.setArgumentTransformer(name, before as never);
      else delete transformers._transformer.argument[name];
    }
    expect(seen).toHaveBeenCalledExactlyOnceWith(args);
    expect(await redis.keys("*")).toEqual(["other"]);
  });

  it("times out with commandTimeout, and its late reply reaches nobody", async () => {
    const redis = tickpipe(server.client({ commandTimeout: 400 }));
    /** What the echo of a text of its own says, the first that a busy machine answers in time. */
    const firstEcho = async (text: string, i = 0): Promise<[string, string]> => {
      const sent = `${text} ${i}`;
      const said = await redis.echo(sent).catch(({ message }: Error) => message);
      return said === "Command timed out" ? firstEcho(text, i + 1) : [sent, said];
    };
    await firstEcho("connected");
    const busy = server.client();
    await busy.client("PAUSE", 1_000, "ALL");
    await expect(redis.get("k")).rejects.toThrow("Command timed out");
    // Answered when the pause is over, and with it the late reply sent.
    await busy.ping();
    const [sent, said] = await firstEcho("next");
    expect(said).toBe(sent);
  });

  it("shows the caller's stack with showFriendlyErrorStack", async () => {
    const redis = tickpipe(server.client({ showFriendlyErrorStack: true }));
    async function callerOfIncr() {
      await redis.set("k", "text");
      await redis.incr("k");
    }
    const error = await callerOfIncr().catch((each: Error) => each);
    expect((error as Error).stack).toContain("callerOfIncr");
  });

  it("notes its name and arguments on an error, as ioredis does", async () => {
    const redis = tickpipe(server.client());
    await redis.set("k", "text");
    const error = await redis.incrby("k", 5).catch((each: unknown) => each);
    expect(error).toMatchObject({ name: "ReplyError", command: { name: "incrby", args: ["k", "5"] } });
  });

  it("is left out with lean: false", async () => {
    const redis = tickpipe(server.client(), { lean: false });
    const get = vi.spyOn(Object.getPrototypeOf(Object.getPrototypeOf(redis.tickpipe.client)), "get");
    try {
      await redis.get("k");
      expect(get).toHaveBeenCalledOnce();
    } finally {
      get.mockRestore();
    }
  });
});
