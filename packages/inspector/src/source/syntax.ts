import { type ParserPlugin, parse } from "@babel/parser";
import type { Position } from "./stack.ts";

/** A node of the syntax tree, as @babel/parser makes them; `start` and `end` are offsets in the text. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

/** A file's text and its tree. */
export interface Syntax {
  readonly text: string;
  readonly root: SyntaxNode;
  /** The calls that were looked for, by their place: every request has the same ones. */
  readonly calls: Map<string, CallInText | null>;
}

const PLUGINS: readonly (readonly [RegExp, ParserPlugin[]])[] = [
  [/\.[mc]?ts$/, ["typescript", "decorators"]],
  [/\.tsx$/, ["typescript", "jsx", "decorators"]],
];
const OF_JAVASCRIPT: ParserPlugin[] = ["jsx", "decorators"];

/** Parses JavaScript or TypeScript; `null` for what is neither. */
export function parseSyntax(text: string, file: string): Syntax | null {
  const plugins = PLUGINS.find(([names]) => names.test(file))?.[1] ?? OF_JAVASCRIPT;
  try {
    const { program } = parse(text, { sourceType: "unambiguous", errorRecovery: true, plugins });
    return { text, root: asNode(program), calls: new Map() };
  } catch {
    return null;
  }
}

/** The one cast to the loose type in which trees are walked: Babel's own has a union of 250 members, each with its own properties. */
function asNode(node: object): SyntaxNode {
  return node as SyntaxNode;
}

export const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";

/** Trees are walked again and again, and a walk spends most of its time on finding these. */
const children = new WeakMap<SyntaxNode, readonly SyntaxNode[]>();

/** The nodes within a node, in the order of the text. */
export function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  let known = children.get(node);
  if (known === undefined) {
    known = findChildren(node);
    children.set(node, known);
  }
  return known;
}

function findChildren(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (const [property, value] of Object.entries(node)) {
    if (property === "loc" || property === "extra" || property.endsWith("Comments")) continue;
    if (Array.isArray(value)) children.push(...value.filter(isNode));
    else if (isNode(value)) children.push(value);
  }
  return children;
}

/** Visits a node and all within it; what is within a node is left out if `visit` returns `false`. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => unknown): void {
  if (visit(node) === false) return;
  for (const child of childrenOf(node)) walk(child, visit);
}

export const isFunction = ({ type }: SyntaxNode): boolean =>
  /^(Function|ArrowFunction|Object|Class|ClassPrivate)(Declaration|Expression|Method)$/.test(type) &&
  !/^(ObjectExpression|ClassDeclaration|ClassExpression)$/.test(type);

const LOOPS = new Set(["ForStatement", "ForOfStatement", "ForInStatement", "WhileStatement", "DoWhileStatement"]);
export const isLoop = ({ type }: SyntaxNode): boolean => LOOPS.has(type);

export const contains = (outer: SyntaxNode, inner: SyntaxNode): boolean =>
  outer.start <= inner.start && inner.end <= outer.end;

/** A call in the text: the nodes around it, from the outermost in, the call itself last. */
export interface CallInText {
  readonly call: SyntaxNode;
  /** The `await` around it, or the call itself where there is none. */
  readonly awaited: SyntaxNode;
  /** The function around it; the whole file at its top. */
  readonly owner: SyntaxNode;
  /** From the owner, exclusive, to the call, inclusive. */
  readonly path: readonly SyntaxNode[];
}

/** The call, or the `await`, that a frame of a stack points at; `null` if there is none, as in a text that has changed since it was loaded. */
export function callAt(syntax: Syntax, position: Position): CallInText | null {
  const place = `${position.line}:${position.column}`;
  let call = syntax.calls.get(place);
  if (call === undefined) {
    call = findCall(syntax, position);
    syntax.calls.set(place, call);
  }
  return call;
}

function findCall({ text, root }: Syntax, { line, column }: Position): CallInText | null {
  const offset = offsetOf(text, line, column);
  if (offset === null) return null;
  const path = pathTo(root, offset);
  const at = path.findLastIndex((node) => pointsAt(node, offset));
  const target = path[at];
  if (target === undefined) return null;
  const ownerAt = path.slice(0, at).findLastIndex((node) => isFunction(node));
  const within = path.slice(Math.max(ownerAt, 0) + 1, at + 1);
  const owner = path[ownerAt] ?? root;
  const call = target.type === "AwaitExpression" && isNode(target.argument) ? target.argument : target;
  const awaited = within.findLast(({ type }) => type === "AwaitExpression") ?? call;
  return { call, awaited, owner, path: call === target ? within : [...within, call] };
}

/** Whether a position is that of an `await`. */
export function isAwaitAt({ text, root }: Syntax, { line, column }: Position): boolean {
  const offset = offsetOf(text, line, column);
  return (
    offset !== null && pathTo(root, offset).some(({ type, start }) => type === "AwaitExpression" && start === offset)
  );
}

/** V8 tells a call by its method's name, or by its start; a function that waits, by its `await`. */
function pointsAt(node: SyntaxNode, offset: number): boolean {
  if (node.type === "AwaitExpression") return node.start === offset;
  if (!/^(Optional)?CallExpression$|^NewExpression$/.test(node.type)) return false;
  const callee = node.callee as SyntaxNode;
  const property = isNode(callee.property) ? callee.property.start : callee.start;
  return offset === property || offset === node.start;
}

function pathTo(root: SyntaxNode, offset: number): SyntaxNode[] {
  const path: SyntaxNode[] = [];
  let node: SyntaxNode | undefined = root;
  while (node) {
    path.push(node);
    node = childrenOf(node).find(({ start, end }) => start <= offset && offset < end);
  }
  return path;
}

function offsetOf(text: string, line: number, column: number): number | null {
  let start = 0;
  for (let i = 1; i < line; i++) {
    const end = text.indexOf("\n", start);
    if (end < 0) return null;
    start = end + 1;
  }
  return start + column - 1;
}
