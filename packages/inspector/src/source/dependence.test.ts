import { describe, expect, it } from "vitest";
import { dependsOn, freeLoopAt, pairIn } from "./dependence.ts";
import type { Position } from "./stack.ts";
import { parseSyntax, type Syntax } from "./syntax.ts";

/** A text in which `A` and `B` name the methods of two calls. */
function textWith(body: string): { syntax: Syntax; a: Position; b: Position } {
  const text = `async function handler(redis, ids) {\n${body}\n}`;
  const syntax = parseSyntax(text, "handler.ts");
  if (syntax === null) throw new Error("The text of the test is no TypeScript.");
  const at = (method: string): Position => {
    const before = text.slice(0, text.indexOf(`.${method}(`) + 1).split("\n");
    return { file: "handler.ts", line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  };
  return { syntax, a: at("A"), b: at("B") };
}

const independent = [
  "const a = await redis.A(1); const b = await redis.B(2);",
  "const a = await redis.A(1); send(ids, await redis.B(ids.length));",
  "return { a: await redis.A(1), b: await redis.B(2) };",
  "req.user = await redis.A(1); req.page = await redis.B(req.params.id);",
  "const a = await redis.A(1); console.log(a); const b = await redis.B(2);",
  "const a = await redis.A(1); const list = []; list.push(a); const b = await redis.B(2);",
  "if (ids) { await redis.A(1); await redis.B(2); }",
];

const dependent: [why: string, body: string][] = [
  ["the reply is an argument", "const a = await redis.A(1); await redis.B(a);"],
  ["the reply is within an argument", "await redis.B(await redis.A(1));"],
  ["a name is made of the reply", 'const { id } = await redis.A(1); const key = "x:" + id; await redis.B(key);'],
  ["a property holds it", "req.user = await redis.A(1); await redis.B(req.user.id);"],
  ["it was put into a list", "const keys = []; keys.push(await redis.A(1)); await redis.B(keys);"],
  ["a function uses it", "const a = await redis.A(1); const key = () => a.id; await redis.B(key());"],
  ["it decides whether", "if (await redis.A(1)) await redis.B(2);"],
  ["a name decides whether", "const a = await redis.A(1); if (a) { await redis.B(2); }"],
  ["a condition does", "const b = (await redis.A(1)) ? await redis.B(2) : null;"],
  ["it is the first of two", "return (await redis.A(1)) ?? (await redis.B(2));"],
  ["the function is left before", "const a = await redis.A(1); if (!a) return null; await redis.B(2);"],
  ["an error is thrown before", "const a = await redis.A(1); if (!a) { throw new Error(); } await redis.B(2);"],
  ["it is checked", "const a = await redis.A(1); assertFound(a); await redis.B(2);"],
  ["it is checked by assert", "const a = await redis.A(1); assert.ok(a); await redis.B(2);"],
  ["its error is caught", "try { await redis.A(1); } catch { note(); } await redis.B(2);"],
  ["it is instead of it", "try { await redis.A(1); } catch { await redis.B(2); }"],
  ["it is gone through", "for (const id of await redis.A(1)) await redis.B(2);"],
  ["it switches", "switch (await redis.A(1)) { case 1: await redis.B(2); }"],
  ["a name is assigned because of it", "let key = 1; if (await redis.A(1)) key = 2; await redis.B(key);"],
  ["it is a lock", 'await redis.A("lock", "me", "NX"); await redis.B(2);'],
];

describe("dependsOn", () => {
  const isDependent = (body: string) => {
    const { syntax, a, b } = textWith(body);
    const pair = pairIn(syntax, [a], b);
    return pair && dependsOn(syntax, pair);
  };
  it.each(independent)("is false of %s", (body) => {
    expect(isDependent(body)).toBe(false);
  });
  it.each(dependent)("is true where %s", (_why, body) => {
    expect(isDependent(body)).toBe(true);
  });

  it("is not asked of calls of different functions, nor of those that are awaited together", () => {
    const apart = textWith("await redis.A(1); const f = async () => { await redis.B(2); }");
    expect(pairIn(apart.syntax, [apart.a], apart.b)).toBeNull();
    const together = textWith("await Promise.all([redis.A(1), redis.B(2)]);");
    expect(pairIn(together.syntax, [together.a], together.b)).toBeNull();
  });
});

const free = [
  "for (const id of ids) out.push(await redis.A(id));",
  "for (const id of ids) { const a = await redis.A(id); if (!a) continue; out.push(a); }",
  "for (const id of ids) { const a = await redis.A(id); if (!a) throw new Error(); }",
  "for (let i = 0; i < ids.length; i++) { sum += await redis.A(ids[i]); }",
  "for (const id of ids) { try { out[id] = await redis.A(id); } catch { out[id] = null; } }",
];

const bound: [why: string, body: string][] = [
  ["it hands its reply on", "let id = 1; while (id) { const a = await redis.A(id); id = a.next; }"],
  ["it hands its reply on by a queue", "for (const id of queue) { queue.push(...(await redis.A(id))); }"],
  ["it ends when it has found", "for (const id of ids) { const a = await redis.A(id); if (a) return a; }"],
  ["it ends by a break", "for (const id of ids) { const a = await redis.A(id); if (a) break; }"],
  ["it returns the first", "for (const id of ids) { return await redis.A(id); }"],
  ["its condition is a reply", "while (await redis.A(ids)) { next(); }"],
  ["its next step is a reply", "for (let job = 1; job; job = await redis.A(job)) { run(job); }"],
  ["it goes through a stream", "for await (const id of ids) { await redis.A(id); }"],
  ["there is none", "await redis.A(1);"],
];

describe("freeLoopAt", () => {
  const loopOf = (body: string, isRead = true) => {
    const { syntax, a } = textWith(body);
    return freeLoopAt(syntax, [a], [], isRead);
  };
  it.each(free)("finds the loop of %s", (body) => {
    expect(loopOf(body)?.loop?.type).toMatch(/^For/);
  });
  it.each(bound)("finds none where %s", (_why, body) => {
    expect(loopOf(body)).toBeNull();
  });
  it("leaves a loop of writes alone that waits for other things too", () => {
    const body = "for (const id of ids) { await redis.A(id); await sleep(10); }";
    expect([loopOf(body, true) === null, loopOf(body, false) === null]).toEqual([false, true]);
  });
});

describe("parseSyntax", () => {
  it.each(["a.ts", "a.mts", "a.tsx", "a.js", "a.jsx", "a.mjs"])("reads %s", (file) => {
    const isTyped = /tsx?$/.test(file);
    expect(parseSyntax(isTyped ? "const a: number = 1;" : "const a = 1;", file)?.root.type).toBe("Program");
  });
  it("is null for what is no program", () => {
    expect(parseSyntax("}{ <<", "a.js")).toBeNull();
  });
});
