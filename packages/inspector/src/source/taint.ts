import { childrenOf, contains, isFunction, isNode, type SyntaxNode, walk } from "./syntax.ts";

/** Methods that put their arguments into their object. */
const FILLING = new Set(["push", "unshift", "add", "set", "append", "splice", "fill"]);

/**
 * What a function makes of some replies: the names, and the properties (`user.id`), whose value may come from them. It errs to the side of "may": whatever is
 * assigned from an expression that mentions one counts.
 */
export class Taint {
  readonly #text: string;
  readonly #names = new Set<string>();
  readonly #replies: readonly SyntaxNode[];

  /**
   * @param replies the expressions that wait for the replies
   * @param clients objects that the calls are made on: that a reply was given to one makes the next one not depend on it
   * @param names names whose values come from earlier replies
   */
  constructor(
    text: string,
    owner: SyntaxNode,
    replies: readonly SyntaxNode[],
    clients: ReadonlySet<string>,
    names: Iterable<string> = [],
  ) {
    this.#text = text;
    this.#replies = replies;
    for (const name of names) this.#names.add(name);
    // A name may be used, in a loop, above the line that assigns it.
    for (let known = -1; known < this.#names.size; ) {
      known = this.#names.size;
      walk(owner, (node) => this.#follow(node, clients));
    }
  }

  /** Whether a node's value, or whether it is reached at all within its own text, may come from the replies. */
  isIn(node: unknown): boolean {
    if (!isNode(node)) return false;
    if (this.#replies.some((reply) => contains(node, reply))) return true;
    return this.#isNamedIn(node);
  }

  /** The names, and properties, that outlive a run of a loop's body: those that are not declared in it. */
  namesBeyond(body: SyntaxNode): string[] {
    const declared = new Set<unknown>();
    walk(body, (node) => {
      if (node.type === "VariableDeclarator" && isNode(node.id)) walk(node.id, ({ name }) => declared.add(name));
    });
    return [...this.#names].filter((name) => !declared.has(name.split(/[.[?]/, 1)[0]));
  }

  #isNamedIn(node: SyntaxNode): boolean {
    if (node.type === "Identifier") return this.#names.has(node.name as string);
    if (isMember(node)) {
      if (this.#names.has(this.#textOf(node))) return true;
      return this.#isNamedIn(node.object as SyntaxNode) || (node.computed === true && this.isIn(node.property));
    }
    if (node.type === "ObjectProperty" && node.computed !== true) return this.isIn(node.value);
    return childrenOf(node).some((child) => this.#isNamedIn(child));
  }

  #follow(node: SyntaxNode, clients: ReadonlySet<string>): void {
    if (node.type === "VariableDeclarator" && this.isIn(node.init)) this.#mark(node.id);
    else if (node.type === "AssignmentExpression" && this.isIn(node.right)) this.#mark(node.left);
    else if (node.type === "ForOfStatement" && this.isIn(node.right)) this.#mark(node.left);
    else if (node.type === "FunctionDeclaration" && this.isIn(node.body)) this.#mark(node.id);
    else if (node.type === "IfStatement" && this.isIn(node.test)) this.#markAssigned(node, clients);
    else if (node.type === "CallExpression") this.#followCall(node, clients);
  }

  #followCall(call: SyntaxNode, clients: ReadonlySet<string>): void {
    const given = call.arguments as readonly unknown[];
    if (given.some((arg) => this.isIn(arg))) this.#markFilled(call, clients);
  }

  /** What is assigned, or filled, where a reply decides whether it is. */
  #markAssigned(statement: SyntaxNode, clients: ReadonlySet<string>): void {
    walk(statement, (node) => {
      if (node.type === "AssignmentExpression") this.#mark(node.left);
      else if (node.type === "CallExpression") this.#markFilled(node, clients);
    });
  }

  #markFilled({ callee }: SyntaxNode, clients: ReadonlySet<string>): void {
    if (!isNode(callee) || !isMember(callee)) return;
    const { object, property } = callee as { readonly object?: unknown; readonly property?: unknown };
    if (!isNode(object) || !isNode(property) || !FILLING.has(property.name as string)) return;
    if (!clients.has(this.#textOf(object))) this.#mark(object);
  }

  #mark(target: unknown): void {
    if (!isNode(target)) return;
    if (target.type === "Identifier") this.#names.add(target.name as string);
    else if (isMember(target)) this.#names.add(this.#textOf(target));
    else if (target.type === "VariableDeclaration") for (const child of childrenOf(target)) this.#mark(child.id);
    else if (target.type === "ObjectProperty") this.#mark(target.value);
    else if (target.type === "AssignmentPattern") this.#mark(target.left);
    else if (/^(Object|Array)Pattern$|^RestElement$/.test(target.type)) {
      for (const child of childrenOf(target)) this.#mark(child);
    }
  }

  #textOf({ start, end }: SyntaxNode): string {
    return this.#text.slice(start, end);
  }
}

const isMember = ({ type }: SyntaxNode): boolean => type === "MemberExpression" || type === "OptionalMemberExpression";

/** The text of the object that a call is made on, as in `redis` of `redis.get(key)`. */
export function objectOf(text: string, { callee }: SyntaxNode): string {
  if (!isNode(callee) || !isNode(callee.object)) return "";
  return text.slice(callee.object.start, callee.object.end);
}

/** Whether a statement leaves what is around it: a function, a loop, or, by an error, both. Functions within it have their own. */
export function leaves(node: SyntaxNode, ways: RegExp): boolean {
  let found = false;
  walk(node, (inner) => {
    if (inner !== node && isFunction(inner)) return false;
    if (ways.test(inner.type)) found = true;
    return true;
  });
  return found;
}
