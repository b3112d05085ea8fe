import type { Position } from "./stack.ts";
import { type CallInText, callAt, contains, isLoop, isNode, type Syntax, type SyntaxNode, walk } from "./syntax.ts";
import { leaves, objectOf, Taint } from "./taint.ts";

/** Two calls that one function makes, the later one after it has awaited the earlier. */
export interface Pair {
  readonly earlier: CallInText;
  readonly later: CallInText;
}

/** Finds two calls in the function that made the later one; `null` if it did not make the earlier. */
export function pairIn(syntax: Syntax, earlier: readonly Position[], later: Position): Pair | null {
  const found = callAt(syntax, later);
  if (found === null) return null;
  for (const position of earlier) {
    if (position.file !== later.file) continue;
    const candidate = callAt(syntax, position);
    if (candidate !== null && candidate.owner === found.owner && candidate.awaited !== found.awaited) {
      return { earlier: candidate, later: found };
    }
  }
  return null;
}

/** Whether what the later call asks for comes from the earlier one's reply, as far as the text shows. */
export function asksBy({ text }: Syntax, pair: Pair): boolean {
  return taintOf(text, pair).isIn(pair.later.awaited);
}

function taintOf(text: string, { earlier, later }: Pair): Taint {
  const clients = new Set([objectOf(text, earlier.call), objectOf(text, later.call)]);
  return new Taint(text, later.owner, [earlier.awaited], clients);
}

/** Whether the later call uses something of the earlier one's reply, or is made only because of it, as far as the text shows. */
export function dependsOn({ text }: Syntax, { earlier, later }: Pair): boolean {
  const taint = taintOf(text, { earlier, later });
  return (
    // All that is awaited with the later call: moved without the rest of it, it would save nothing.
    taint.isIn(later.awaited) ||
    isConditional(text, earlier.call) ||
    isReachedBy(later.path, taint) ||
    isGuardedBetween(earlier.awaited, later, taint) ||
    isTriedApart(earlier, later)
  );
}

/** `SET key value NX` and its kin are called to learn, or to make sure, that something is so. */
const isConditional = (text: string, { start, end }: SyntaxNode): boolean =>
  /["'`](NX|XX)["'`]|\bsetnx\(/i.test(text.slice(start, end));

/** Whether something other than the calls of a request is awaited between two calls: then the later may have been meant to come after that. */
export function awaitsOtherBetween({ earlier, later }: Pair, known: readonly SyntaxNode[]): boolean {
  return hasOtherAwait(later.owner, earlier.awaited.end, later.awaited.start, known);
}

/** The loop that makes a call again and again, where each call could be made before the replies of the ones before. */
export interface FreeLoop {
  /** The loop; `null` for a callback of `reduce`. */
  readonly loop: SyntaxNode | null;
  readonly call: CallInText;
}

/**
 * The loop around a call, unless a call of it uses, or is made only because of, the reply of one before.
 *
 * @param chain where the call is made, from the call outwards, up to the function with the loop
 * @param isRead whether the calls only read: a write may have been meant to come after whatever else is awaited
 */
export function freeLoopAt(
  syntax: Syntax,
  chain: readonly Position[],
  known: readonly SyntaxNode[],
  isRead: boolean,
): FreeLoop | null {
  const outermost = chain.at(-1);
  const call = outermost ? callAt(syntax, outermost) : null;
  if (call === null) return null;
  const inside = chain
    .filter(({ file }) => file === outermost?.file)
    .map((position) => callAt(syntax, position))
    .filter((each) => each !== null);
  const replies = inside.filter(({ owner }) => owner === call.owner).map(({ awaited }) => awaited);
  const { text } = syntax;
  if (inside.some((each) => isConditional(text, each.call))) return null;
  const clients = new Set(inside.map((each) => objectOf(text, each.call)));
  const loop = call.path.findLast((node) => isLoop(node)) ?? null;
  if (loop === null) {
    const taint = new Taint(text, call.owner, replies, clients);
    const isChained = replies.length > 1 || isReduced(syntax, call.owner);
    return isChained && !argumentsOf(call).some((arg) => taint.isIn(arg)) ? { loop, call } : null;
  }
  const awaited = [...replies, ...known.filter((each) => contains(loop, each))];
  const inLoop = call.path.slice(call.path.indexOf(loop));
  const taint = new Taint(text, call.owner, awaited, clients);
  const isLazy =
    inLoop.some(({ type }) => type === "ReturnStatement") ||
    isLeftBecauseOf(loop, taint) ||
    headerOf(loop).some((part) => taint.isIn(part));
  if (isLazy || loop.await === true) return null;
  // From one run of the body to the next, a reply is handed on by what is declared outside of it.
  const body = loop.body as SyntaxNode;
  const handedOn = new Taint(text, loop, [], clients, taint.namesBeyond(body));
  if (argumentsOf(call).some((arg) => handedOn.isIn(arg)) || isReachedBy(inLoop.slice(1), handedOn)) return null;
  if (!isRead && hasOtherAwait(loop, loop.start, loop.end, awaited)) return null;
  return { loop, call };
}

/** The parts of a call that decide what it asks for. */
function argumentsOf({ call }: CallInText): unknown[] {
  const object = isNode(call.callee) ? call.callee.object : undefined;
  return [object, ...(Array.isArray(call.arguments) ? call.arguments : [])];
}

/** Whether what is around a call makes it only because of a reply. */
function isReachedBy(path: readonly SyntaxNode[], taint: Taint): boolean {
  return path.some((node, at) => {
    const inner = path[at + 1];
    if (inner === undefined) return false;
    if (node.type === "LogicalExpression") return node.right === inner && taint.isIn(node.left);
    return headerOf(node).some((part) => part !== inner && taint.isIn(part));
  });
}

/** What decides whether, and how often, the rest of a statement or an expression is reached. */
function headerOf(node: SyntaxNode): unknown[] {
  if (node.type === "ForStatement") return [node.init, node.test, node.update];
  if (node.type === "ForOfStatement" || node.type === "ForInStatement") return [node.right];
  return [node.test, node.discriminant];
}

const LEAVING = /^(Return|Throw|Break|Continue)Statement$/;

/** Whether a reply may keep the function from getting to the later call. */
function isGuardedBetween(earlier: SyntaxNode, later: CallInText, taint: Taint): boolean {
  let isGuarded = false;
  walk(later.owner, (node) => {
    if (node.end <= earlier.start || node.start >= later.awaited.start) return false;
    if (node.type === "IfStatement" && taint.isIn(node.test) && leaves(node, LEAVING)) isGuarded = true;
    if (node.type === "ExpressionStatement" && isNode(node.expression) && isCheck(node.expression, taint))
      isGuarded = true;
    return true;
  });
  return isGuarded;
}

/** A function that is given a reply and returns nothing, as in `assertFound(post)`, may throw. */
function isCheck({ type, callee, arguments: args }: SyntaxNode, taint: Taint): boolean {
  if (type !== "CallExpression" || !isNode(callee) || !Array.isArray(args)) return false;
  const name = callee.type === "Identifier" ? callee : (callee.object as SyntaxNode | undefined);
  const isPlain = callee.type === "Identifier" || /^(assert|invariant|expect)$/.test(String(name?.name));
  return isPlain && args.some((arg) => taint.isIn(arg));
}

/** Whether an error of the earlier call is caught before the later one is made. */
function isTriedApart(earlier: CallInText, later: CallInText): boolean {
  return earlier.path.some(({ type, block }) => {
    if (type !== "TryStatement" || !isNode(block) || !contains(block, earlier.call)) return false;
    return !contains(block, later.call);
  });
}

/** Whether a loop ends early because of a reply: what comes after may not be wanted. */
function isLeftBecauseOf(loop: SyntaxNode, taint: Taint): boolean {
  let isLeft = false;
  walk(loop, (node) => {
    const isBranch = node.type === "IfStatement" || node.type === "SwitchStatement";
    if (isBranch && taint.isIn(node.test ?? node.discriminant) && leaves(node, /^(Return|Break)Statement$/))
      isLeft = true;
  });
  return isLeft;
}

function hasOtherAwait(within: SyntaxNode, from: number, to: number, known: readonly SyntaxNode[]): boolean {
  let found = false;
  walk(within, (node) => {
    const isAwait = node.type === "AwaitExpression" && from <= node.start && node.end <= to;
    if (isAwait && !known.some((each) => contains(node, each) || contains(each, node))) found = true;
  });
  return found;
}

/** Whether a function is given to `reduce`: each run of it waits for the one before. */
function isReduced(syntax: Syntax, owner: SyntaxNode): boolean {
  let isReducer = false;
  walk(syntax.root, (node) => {
    if (node.type !== "CallExpression" || !isNode(node.callee) || !isNode(node.callee.property)) return;
    if (node.callee.property.name === "reduce" && (node.arguments as unknown[])[0] === owner) isReducer = true;
  });
  return isReducer;
}
