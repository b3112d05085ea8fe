import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { RecordedCall, ScopeRecord } from "@tickpipe/core";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { RequestLog } from "../requests/request-log.ts";
import type { RequestSummary } from "../view-model.ts";

// The stream takes its timers when it loads. These stand still until a test moves them.
vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
const { EventStream } = await import("./event-stream.ts");

const EVERY_MS = 250;
const RECORD = { calls: [] as RecordedCall[] } as unknown as ScopeRecord;

let log: RequestLog;
let pace: { refused: number };
/** Requests whose summaries were asked for, and what is to be waited for before they are given. */
let looked: string[][];
let held: Promise<void> | null;
let stream: InstanceType<typeof EventStream>;
let address: string;
const errors: unknown[] = [];
/** The streams of this test that have closed, as the server sees it. */
let closed: unknown[];

beforeEach(async () => {
  log = new RequestLog(1000);
  pace = { refused: 0 };
  looked = [];
  held = null;
  errors.length = 0;
  closed = [];
  const closedHere = closed;
  stream = new EventStream(log, pace, {
    summariesOf: async (requests) => {
      looked.push(requests.map(({ id }) => id));
      await held;
      return requests.map(({ id }) => ({ id }) as RequestSummary);
    },
  });
  const server = createServer((_req, res) => {
    res.on("error", (error) => errors.push(error));
    res.once("close", () => closedHere.push(res));
    void stream.open(res);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
});
interface Opened {
  readonly status: number | undefined;
  text(): string;
  leave(): void;
  readonly ended: Promise<unknown>;
}

async function open(method = "GET"): Promise<Opened> {
  const asked = request(address, { method }).on("error", () => {});
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  answer.on("data", (part) => {
    text += part;
  });
  answer.on("error", () => {});
  const ended = new Promise((resolve) => answer.once("close", resolve));
  return { status: answer.statusCode, text: () => text, leave: () => asked.destroy(), ended };
}

const add = (...ids: string[]): void => {
  for (const id of ids) log.add(id, null, RECORD);
};
const range = (length: number): string[] => Array.from({ length }, (_, at) => `r-${at}`);
const told = (page: Opened): string[] =>
  [...page.text().matchAll(/event: (\w+)\ndata: (.*)\n/g)].map(([, event, data]) => {
    const { requests, skipped } = JSON.parse(data ?? "");
    return `${event} ${requests.map(({ id }: RequestSummary) => id).join(",")} ${skipped}`;
  });

/** Waits until an expectation holds. `vi.waitFor()` would move the timers while it waits. */
async function soon(expectation: () => void): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      expectation();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe("EventStream", () => {
  it("tells what is there, the newest first and in portions, and then what comes", async () => {
    add(...range(50));
    const page = await open();
    await soon(() => expect(told(page)).toHaveLength(2));
    expect(told(page)[0]).toMatch(/^all r-49,.*,r-10 0$/);
    expect(told(page)[1]).toMatch(/^older r-9,.*,r-0 0$/);
    add("new");
    pace.refused += 3;
    vi.advanceTimersByTime(EVERY_MS);
    await soon(() => expect(told(page).at(-1)).toBe("more new 3"));
    page.leave();
  });

  it("looks at no more than forty of what came between two messages, and counts the rest", async () => {
    const page = await open();
    await soon(() => expect(told(page)).toEqual(["all  0"]));
    add(...range(100));
    vi.advanceTimersByTime(EVERY_MS);
    await soon(() => expect(told(page).at(-1)).toMatch(/^more r-99,.*,r-60 60$/));
    page.leave();
  });

  it("makes one message at a time: what comes meanwhile is in the next", async () => {
    const page = await open();
    await soon(() => expect(told(page)).toHaveLength(1));
    let go = (): void => {};
    held = new Promise((resolve) => {
      go = resolve;
    });
    add("a");
    vi.advanceTimersByTime(EVERY_MS);
    add("b");
    vi.advanceTimersByTime(EVERY_MS);
    expect(looked.slice(1)).toEqual([["a"]]);
    go();
    await soon(() => expect(told(page).at(-1)).toBe("more a 0"));
    vi.advanceTimersByTime(EVERY_MS);
    await soon(() => expect(told(page).at(-1)).toBe("more b 0"));
    page.leave();
  });

  it("lets no proxy take the stream for dead", async () => {
    const page = await open();
    await soon(() => expect(told(page)).toHaveLength(1));
    vi.advanceTimersByTime(15_000);
    await soon(() => expect(page.text()).toMatch(/: still here\n\n$/));
    page.leave();
  });

  it("looks at nothing once the last page is closed, and goes on for those that are not", async () => {
    const [first, second] = [await open(), await open()];
    await soon(() => expect([...told(first), ...told(second)]).toHaveLength(2));
    first.leave();
    await soon(() => expect(closed).toHaveLength(1));
    add("a");
    vi.advanceTimersByTime(EVERY_MS);
    await soon(() => expect(told(second).at(-1)).toBe("more a 0"));
    second.leave();
    await soon(() => expect(vi.getTimerCount()).toBe(0));
  });

  it("turns a seventeenth page away", async () => {
    const pages = [];
    for (const _ of range(16)) pages.push(await open());
    const refused = await open();
    await refused.ended;
    expect([refused.status, refused.text()]).toEqual([503, "There are 16 open pages already. Close one.\n"]);
    for (const page of pages) page.leave();
  });

  it("writes nothing to a page that left, or after it was closed itself, while a message was being made", async () => {
    let go = (): void => {};
    const hold = (): void => {
      held = new Promise((resolve) => {
        go = resolve;
      });
    };
    add(...range(50));
    hold();
    const leaving = await open();
    leaving.leave();
    await soon(() => expect(closed).toHaveLength(1));
    go();
    hold();
    const page = await open();
    await soon(() => expect(looked).toHaveLength(2));
    // In one microtask after the other, so that Node has not told of the end yet.
    await Promise.resolve().then(() => {
      stream.close();
      go();
    });
    await page.ended;
    expect([told(page), errors]).toEqual([[], []]);
    expect(looked, "the rest of what there was is not looked at").toHaveLength(2);
    await soon(() => expect(vi.getTimerCount()).toBe(0));
  });

  it("answers HEAD with its headers alone", async () => {
    const page = await open("HEAD");
    await page.ended;
    expect([page.status, page.text(), looked]).toEqual([200, "", []]);
  });

  it("opens no page after it was closed", async () => {
    stream.close();
    const page = await open();
    await page.ended;
    expect(page.status).toBe(503);
  });
});
