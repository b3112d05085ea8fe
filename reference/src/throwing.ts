import ts from "typescript";

type Callable = ts.FunctionLikeDeclaration;

interface Member {
  readonly name: string;
  readonly body: Callable;
}

/**
 * Tells which functions of our own sources throw, themselves or in what they call. Callbacks are left out where it is not seen whether and when they are called, as is
 * what stands in a `try` with a `catch`.
 */
export class ThrowingFunctions {
  readonly #checker: ts.TypeChecker;
  readonly #implementations: ReadonlyMap<ts.Declaration, readonly Callable[]>;
  readonly #known = new Map<Callable, boolean>();

  constructor(program: ts.Program) {
    this.#checker = program.getTypeChecker();
    this.#implementations = implementationsIn(program, this.#checker);
  }

  /** Whether a function throws, or a method in any class or object that implements it. */
  throws(symbol: ts.Symbol): boolean {
    return (symbol.declarations ?? [])
      .flatMap((declaration) => this.#bodiesOf(declaration))
      .some((body) => this.#isThrowing(body));
  }

  #bodiesOf(declaration: ts.Declaration): readonly Callable[] {
    if (isCallable(declaration) && declaration.body !== undefined) return [declaration];
    return this.#implementations.get(declaration) ?? [];
  }

  #isThrowing(callable: Callable): boolean {
    const known = this.#known.get(callable);
    if (known !== undefined) return known;
    // While it is looked at it counts as not throwing: what calls itself throws only because of something else.
    this.#known.set(callable, false);
    const isThrowing = callable.body !== undefined && this.#throwsIn(callable.body);
    this.#known.set(callable, isThrowing);
    return isThrowing;
  }

  #throwsIn(node: ts.Node): boolean {
    if (ts.isThrowStatement(node)) return true;
    if (ts.isFunctionLike(node) && !isCalledAtOnce(node)) return false;
    if (ts.isTryStatement(node) && node.catchClause !== undefined) {
      const { catchClause, finallyBlock } = node;
      return this.#throwsIn(catchClause.block) || (finallyBlock !== undefined && this.#throwsIn(finallyBlock));
    }
    if (ts.isCallExpression(node) && this.#calls(node)) return true;
    return ts.forEachChild(node, (child) => this.#throwsIn(child) || undefined) ?? false;
  }

  #calls(call: ts.CallExpression): boolean {
    const declaration = this.#checker.getResolvedSignature(call)?.declaration;
    if (declaration === undefined || ts.isJSDocSignature(declaration)) return false;
    return this.#bodiesOf(declaration).some((body) => this.#isThrowing(body));
  }
}

/** Of each method of an interface in our sources, the methods of classes and objects that implement it. */
function implementationsIn(program: ts.Program, checker: ts.TypeChecker): Map<ts.Declaration, Callable[]> {
  const found = new Map<ts.Declaration, Callable[]>();
  const note = (type: ts.Type, nodes: readonly ts.Node[]): void => {
    for (const node of nodes) {
      const { name, body } = memberOf(node) ?? {};
      if (name === undefined || body === undefined) continue;
      for (const declaration of checker.getPropertyOfType(type, name)?.declarations ?? []) {
        found.set(declaration, [...(found.get(declaration) ?? []), body]);
      }
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isClassDeclaration(node)) {
      const implemented = node.heritageClauses?.filter(({ token }) => token === ts.SyntaxKind.ImplementsKeyword) ?? [];
      for (const type of implemented.flatMap(({ types }) => types)) note(checker.getTypeAtLocation(type), node.members);
    }
    if (ts.isObjectLiteralExpression(node)) {
      const type = checker.getContextualType(node);
      if (type !== undefined) note(type, node.properties);
    }
    ts.forEachChild(node, visit);
  };
  for (const file of program.getSourceFiles()) if (!file.isDeclarationFile) visit(file);
  return found;
}

function memberOf(node: ts.Node): Member | null {
  if (ts.isMethodDeclaration(node) && ts.isIdentifier(node.name)) return { name: node.name.text, body: node };
  if (!ts.isPropertyAssignment(node) || !ts.isIdentifier(node.name)) return null;
  const { name, initializer } = node;
  const isFunction = ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer);
  return isFunction ? { name: name.text, body: initializer } : null;
}

/** The callbacks of these run before they return. */
const CALL_AT_ONCE = ["every", "filter", "find", "flatMap", "forEach", "from", "map", "reduce", "some"];

function isCalledAtOnce({ parent }: ts.Node): boolean {
  if (!ts.isCallExpression(parent) || !ts.isPropertyAccessExpression(parent.expression)) return false;
  return CALL_AT_ONCE.includes(parent.expression.name.text);
}

function isCallable(node: ts.Declaration): node is Callable {
  return ts.isFunctionLike(node) && "body" in node;
}
