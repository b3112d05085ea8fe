import { type CallInText, isNode, type Syntax, type SyntaxNode, walk } from "../source/syntax.ts";

/** What to write where the text is not known. */
export function plainRewrite(method: string): string {
  return `// collect the keys first, then\nconst replies = await Promise.all(\n  keys.map((key) => redis.${method}(key)),\n);`;
}

/**
 * A loop's body, or its one call, for all at once.
 *
 * @param isOneCall whether the loop makes one call only
 */
export function loopRewrite(
  { text }: Syntax,
  { loop, call }: { loop: SyntaxNode; call: CallInText },
  method: string,
  isOneCall: boolean,
): string {
  const indent = /[ \t]*$/.exec(text.slice(0, loop.start))?.[0] ?? "";
  const textOf = ({ start, end }: SyntaxNode): string => text.slice(start, end).replaceAll(`\n${indent}`, "\n");
  const body = loop.body as SyntaxNode;
  const each = iterationOf(loop, textOf);
  if (each === null) return plainRewrite(method);
  const asked = call.awaited === call.call ? call.call : (call.awaited.argument as SyntaxNode);
  if (isOneCall && !usesNamesOf(body, asked)) {
    const all = each((params) => `(${params}) => ${textOf(asked)}`);
    return `const replies = await Promise.all(\n  ${all},\n);\n// then go through the replies, in the same order, without await`;
  }
  const code = body.type === "BlockStatement" ? textOf(body) : `{\n  ${textOf(body)}\n}`;
  const inner = code.replace(/\bcontinue;/g, "return;").replaceAll("\n", "\n  ");
  // Iterations that make fewer calls, or get a reply later, overtake others or fall behind.
  const order = /\.(?:push|unshift)\(/.test(code)
    ? "\n// where iterations make different calls, the order of what they push may change"
    : "";
  return `await Promise.all(\n  ${each((params) => `async (${params}) => ${inner}`)},\n);${order}`;
}

type Iteration = (make: (params: string) => string) => string;

/** What a loop goes through, as an array, and what it does for each; `null` where it goes by something else, such as a `while`. */
function iterationOf(loop: SyntaxNode, textOf: (node: SyntaxNode) => string): Iteration | null {
  if (loop.type === "ForOfStatement" || loop.type === "ForInStatement") {
    const left = loop.left as SyntaxNode;
    const [declared] = Array.isArray(left.declarations) ? (left.declarations as SyntaxNode[]) : [];
    const name = textOf(declared && isNode(declared.id) ? declared.id : left);
    const over = textOf(loop.right as SyntaxNode);
    const list = loop.type === "ForInStatement" ? `Object.keys(${over})` : over;
    return (make) => `Array.from(${list}, ${make(name)})`;
  }
  const counter = counterOf(loop, textOf);
  return counter && ((make) => `Array.from({ length: ${counter.end} }, ${make(`_, ${counter.name}`)})`);
}

/** Of `for (let i = 0; i < end; i++)`. */
function counterOf(
  { init, test }: SyntaxNode,
  textOf: (node: SyntaxNode) => string,
): { name: string; end: string } | null {
  if (!isNode(init) || !isNode(test) || !Array.isArray(init.declarations)) return null;
  const [declared] = init.declarations as SyntaxNode[];
  if (!declared || !isNode(declared.id) || !isNode(declared.init) || textOf(declared.init) !== "0") return null;
  if (test.operator !== "<" || !isNode(test.right)) return null;
  return { name: textOf(declared.id), end: textOf(test.right) };
}

/** Whether an expression uses what the body declares, and so means nothing without it. */
function usesNamesOf(body: SyntaxNode, expression: SyntaxNode): boolean {
  const declared = new Set<unknown>();
  walk(body, (node) => {
    if (node.start >= expression.start) return false;
    if (node.type === "VariableDeclarator" && isNode(node.id)) walk(node.id, ({ name }) => declared.add(name));
    return true;
  });
  let uses = false;
  walk(expression, ({ type, name }) => {
    if (type === "Identifier" && declared.has(name)) uses = true;
  });
  return uses;
}

/** Calls that were awaited one after another, made together. */
export function seriesRewrite({ text }: Syntax, calls: readonly CallInText[]): string {
  const parts = calls.map((call, at) => {
    const asked = call.awaited === call.call ? call.call : (call.awaited.argument as SyntaxNode);
    return { name: boundName(text, call) ?? `reply${at + 1}`, code: text.slice(asked.start, asked.end) };
  });
  const names = parts.map(({ name }) => name).join(", ");
  return `const [${names}] = await Promise.all([\n${parts.map(({ code }) => `  ${code},`).join("\n")}\n]);`;
}

/** What `const name = await call` binds, if it is that. */
function boundName(text: string, { path, awaited }: CallInText): string | null {
  const declared = path.find(({ type, init }) => type === "VariableDeclarator" && init === awaited);
  if (!declared || !isNode(declared.id)) return null;
  return text.slice(declared.id.start, declared.id.end);
}
