import { mock } from "node:test";
import { tickpipe } from "@tickpipe/core";
import { Cluster, type Redis } from "ioredis";
import { ModuleMocker } from "jest-mock";
import sinon from "sinon";
import { afterEach, describe, expect, it, vi } from "vitest";
import { useServer } from "../engine.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();
const jest = new ModuleMocker(globalThis);

type Answer = (...args: unknown[]) => unknown;
interface Doubled {
  restore(): void;
  calls(): number;
}
type Target = Record<string, Answer>;

/** How each library puts a double in the place of a method, and takes it away again. */
const libraries: Record<string, (target: Target, method: string, answer: Answer) => Doubled> = {
  "sinon.stub": (target, method, answer) => {
    const stub = sinon.stub(target, method).callsFake(answer);
    return { restore: () => stub.restore(), calls: () => stub.callCount };
  },
  "sinon.replace": (target, method, answer) => {
    const sandbox = sinon.createSandbox();
    const fake = sinon.fake(answer);
    sandbox.replace(target, method, fake);
    return { restore: () => sandbox.restore(), calls: () => fake.callCount };
  },
  "sinon.mock": (target, method, answer) => {
    const mocked = sinon.mock(target);
    const expected = mocked.expects(method).atLeast(0).callsFake(answer);
    return { restore: () => mocked.restore(), calls: () => expected.callCount };
  },
  "mock.method of node:test": (target, method, answer) => {
    const mocked = mock.method(target, method, answer);
    return { restore: () => mocked.mock.restore(), calls: () => mocked.mock.callCount() };
  },
  "vi.spyOn": (target, method, answer) => {
    const spy = vi.spyOn(target, method).mockImplementation(answer);
    return { restore: () => spy.mockRestore(), calls: () => spy.mock.calls.length };
  },
  "jest.spyOn": (target, method, answer) => {
    const spy = jest.spyOn(target, method as never) as unknown as ReturnType<typeof jest.fn>;
    spy.mockImplementation(answer);
    return { restore: () => spy.mockRestore(), calls: () => spy.mock.calls.length };
  },
  "an assignment and delete": (target, method, answer) => {
    let calls = 0;
    target[method] = (...args) => {
      calls += 1;
      return answer(...args);
    };
    return { restore: () => delete target[method], calls: () => calls };
  },
};

/** Methods of each kind that a view has: of one command, of a script, of several, of the client and of its events. */
const methods = ["get", "hgetallBuffer", "call", "script", "blpop", "exec", "quit"];
methods.push("greet", "greetBuffer", "pipeline", "multi", "duplicate");
methods.push("connect", "disconnect", "sendCommand", "defineCommand", "scanStream", "on", "emit", "listenerCount");

describe.each(clientVariants)("doubles with $name", ({ make }) => {
  const made: Redis[] = [];
  afterEach(() => {
    for (const client of made.splice(0)) client.disconnect();
  });
  const client = (): Redis => {
    const redis = make({ port: server.port });
    redis.defineCommand("greet", { numberOfKeys: 0, lua: "return 'hello'" });
    made.push(redis);
    return redis;
  };
  const asTarget = (redis: Redis): Target => redis as unknown as Target;

  it.each(Object.entries(libraries))("puts a double on a view before its first call: %s", (_name, double) => {
    for (const method of methods) {
      const redis = tickpipe(client());
      const target = asTarget(redis);
      const scoped = asTarget(redis.tickpipe.scope().redis);
      const answer = {};
      const doubled = double(target, method, () => answer);
      expect([method, target[method]?.("k"), scoped[method]?.("k")]).toEqual([method, answer, answer]);
      expect(doubled.calls()).toBe(2);
      doubled.restore();
    }
  });

  it.each(Object.entries(libraries))("has the client's own methods again afterwards: %s", async (_name, double) => {
    const redis = tickpipe(client());
    const target = asTarget(redis);
    for (const method of methods) {
      double(target, method, () => "double").restore();
      const before = target[method];
      double(target, method, () => "double").restore();
      expect(target[method]).toBe(before);
    }
    await redis.set("k", "v");
    expect(await redis.get("k")).toBe("v");
    expect(await redis.pipeline().get("k").exec()).toEqual([[null, "v"]]);
    expect(await target.greet?.()).toBe("hello");
    const ended = new Promise((resolve) => redis.on("end", resolve));
    redis.disconnect();
    await ended;
    expect(redis.status).toBe("end");
  });

  it.each(Object.entries(libraries))("meets a double on the client behind it: %s", async (_name, double) => {
    for (const first of [true, false]) {
      const raw = client();
      const redis = tickpipe(raw);
      const scoped = redis.tickpipe.scope().redis;
      await redis.set("k", "v");
      if (!first) expect([await redis.get("k"), await scoped.get("k")]).toEqual(["v", "v"]);
      const doubled = double(asTarget(raw), "get", async () => "double");
      expect([await redis.get("k"), await scoped.get("k")]).toEqual(["double", "double"]);
      expect(doubled.calls()).toBe(2);
      doubled.restore();
      expect([await redis.get("k"), await scoped.get("k")]).toEqual(["v", "v"]);
    }
  });

  it("meets a double on the client for a blocking call that would have a connection of its own", async () => {
    const raw = client();
    const redis = tickpipe(raw, { blocking: "isolate" });
    const stub = sinon.stub(raw, "blpop").resolves(["q", "double"]);
    expect(await redis.blpop("q", 1)).toEqual(["q", "double"]);
    stub.restore();
    await redis.rpush("q", "job");
    expect(await redis.blpop("q", 1)).toEqual(["q", "job"]);
    expect(redis.tickpipe.stats().blockingConnections).toBe(1);
  });

  it("meets a double on the client from the moment on at which it is there, between two reads of one tick", async () => {
    const raw = client();
    const redis = tickpipe(raw);
    await redis.set("k", "v");
    const real = redis.get("k");
    const stub = sinon.stub(raw, "get").resolves("double");
    const doubled = redis.get("k");
    stub.restore();
    expect(await Promise.all([real, doubled, redis.get("k")])).toEqual(["v", "double", "v"]);
  });

  it("lets a spy see calls, which do what they do without it", async () => {
    const redis = tickpipe(client());
    const spies = [sinon.spy(redis, "set"), sinon.spy(redis, "connect")];
    const listening = vi.spyOn(redis, "on");
    await redis.set("k", "v");
    await expect(redis.connect()).rejects.toThrow("already connecting/connected");
    const seen: unknown[] = [];
    expect(redis.on("event", (value) => seen.push(value))).toBe(redis);
    redis.emit("event", 1);
    expect(listening).toHaveBeenCalledOnce();
    expect(spies.map((spy) => spy.callCount)).toEqual([1, 1]);
    expect(seen).toEqual([1]);
    sinon.restore();
    listening.mockRestore();
  });

  it("takes off with `delete` whatever was assigned to a method, and leaves the client's own alone", () => {
    const raw = client();
    const redis = tickpipe(raw);
    for (const view of [redis, redis.tickpipe.scope().redis].map(asTarget)) {
      for (const method of [...methods, "nothing"]) {
        const before = view[method];
        for (const value of [() => "double", undefined, 5]) {
          if (before === undefined && typeof value !== "function") continue;
          const own = Object.getOwnPropertyDescriptor(raw, method);
          view[method] = value as Answer;
          expect(view[method]).toBe(value);
          delete view[method];
          expect(view[method]).toBe(before);
          expect(Object.getOwnPropertyDescriptor(raw, method)).toEqual(own);
        }
      }
    }
  });

  it("has ioredis's own code meet a method that is assigned, which may call what it replaces", async () => {
    const raw = make({ port: server.port, lazyConnect: true });
    made.push(raw);
    const redis = tickpipe(raw);
    const target = asTarget(redis);
    const called: string[] = [];
    for (const method of ["connect", "sendCommand", "emit"]) {
      const replaced = target[method];
      target[method] = (...args) => {
        called.push(method);
        return replaced?.apply(redis, args);
      };
    }
    // The call connects, by the client's own `connect`, which emits.
    expect(await redis.set("k", "v")).toBe("OK");
    expect(new Set(called)).toEqual(new Set(["connect", "sendCommand", "emit"]));
    for (const method of ["connect", "sendCommand", "emit"]) delete target[method];
    called.length = 0;
    expect(await redis.get("k")).toBe("v");
    redis.emit("event");
    expect(called).toEqual([]);
  });

  it("has a property of the client's, and a setter of its class, written on the client", () => {
    class Own {
      #handler: unknown = null;
      get handler(): unknown {
        return this.#handler;
      }
      set handler(value: unknown) {
        this.#handler = value;
      }
    }
    const raw = client();
    const { get, set } = Object.getOwnPropertyDescriptor(Own.prototype, "handler") ?? {};
    const own = new Own();
    Object.defineProperty(raw, "handler", { get: () => get?.call(own), set: (value) => set?.call(own, value) });
    const redis = tickpipe(raw) as unknown as { handler: unknown; mark?: unknown };
    const handler = (): void => {};
    redis.handler = handler;
    redis.mark = "m";
    expect([own.handler, (raw as unknown as typeof redis).mark]).toEqual([handler, "m"]);
    expect(Object.keys(redis)).toEqual([]);
    // Such a property is the client's own, as far as anybody can tell.
    const isOwn = Reflect.get(redis, "hasOwnProperty") as Answer;
    expect(["mark", "get"].map((name) => isOwn.call(redis, name))).toEqual([true, false]);
  });

  it("shows methods as the client's class has them: as data that can be replaced, and not listed", () => {
    const raw = client();
    const redis = tickpipe(raw);
    const shown = (target: object, method: string): PropertyDescriptor | undefined => {
      for (let holder = target; holder !== null; holder = Object.getPrototypeOf(holder)) {
        const descriptor = Object.getOwnPropertyDescriptor(holder, method);
        if (descriptor) return descriptor;
      }
      return undefined;
    };
    for (const method of methods) {
      const value = expect.any(Function);
      const expected = { value, writable: true, configurable: true };
      expect(shown(redis, method)).toMatchObject(expected);
      expect(shown(raw, method)).toMatchObject(expected);
      expect(shown(redis, method)?.value).toBe(asTarget(redis)[method]);
    }
    expect(shown(redis, "no such method")).toBeUndefined();
    expect(shown(redis, "status")).toEqual(shown(raw, "status"));
    expect(Object.keys(redis)).toEqual([]);
  });
});

it("lets doubles be put on a Cluster's view", async () => {
  const cluster = new Cluster([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true });
  const redis = tickpipe(cluster);
  for (const double of Object.values(libraries)) {
    for (const method of ["get", "refreshSlotsCache", "nodes", "disconnect"]) {
      const target = redis as unknown as Target;
      const doubled = double(target, method, () => "double");
      expect(target[method]?.()).toBe("double");
      doubled.restore();
      expect(target[method]).not.toBe("double");
    }
  }
  expect(redis.nodes()).toEqual([]);
  cluster.disconnect();
});
