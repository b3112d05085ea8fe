import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { type ServedApp, serveApp, waterfallOf } from "./served-app.ts";

const server = useServer();
const { prepareStackTrace } = Error;
let served: ServedApp;
beforeAll(async () => {
  served = await serveApp(server.client());
  served.app.get("/loop", async (req, res) => {
    for (const id of range(4)) await req.redis.get(`key:${id}`);
    res.json("ok");
  });
});
afterEach(() => {
  Error.prepareStackTrace = prepareStackTrace;
});
afterAll(() => served.close());

const writers: Record<string, () => unknown> = {
  throws: () => {
    throw new Error("no stack");
  },
  "throws no error": () => {
    throw undefined;
  },
  "gives no text": () => [{}],
  "gives nothing": () => undefined,
  "gives an object that cannot be read": () =>
    new Proxy(
      {},
      {
        get: () => {
          throw new Error("unreadable");
        },
      },
    ),
  "gives lines that are none of V8": () =>
    "at\n    at \n    at (:::)\n    at f (x:0:0)\n    at g (y:99999999999999999999:1)",
  "gives addresses that are no files": () =>
    "Error\n    at f (file:///%2F:1:1)\n    at g (file://host/a.js:1:1)\n    at h (webpack://a/b.js:1:1)\n    at async i (eval at x (y:1:1), <anonymous>:1:1)",
  "gives places that are not in the file": () =>
    `Error\n    at f (${import.meta.filename}:0:0)\n    at g (${import.meta.filename}:9999:9999)`,
};

it.each(Object.entries(writers))(
  "shows all requests where what writes the application's stacks %s",
  async (_name, writer) => {
    Error.prepareStackTrace = writer;
    const { id, calls, roundTrips } = await waterfallOf(served.base, "/loop");
    expect([calls.length, roundTrips]).toEqual([4, 4]);
    const list = await fetch(`${served.base}/_tickpipe/requests.json`);
    expect(list.status).toBe(200);
    expect(((await list.json()) as { requests: { id: string }[] }).requests[0]?.id).toBe(id);
  },
);

it("prints no line and harms nothing where it cannot tell what a line would say", async () => {
  const lines: string[] = [];
  served.page.log((line) => lines.push(line));
  Error.prepareStackTrace = writers["gives addresses that are no files"] as () => unknown;
  await waterfallOf(served.base, "/loop");
  await new Promise((resolve) => setImmediate(resolve));
  expect(lines.join("")).not.toContain("undefined");
});
