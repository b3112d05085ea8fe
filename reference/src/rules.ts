import {
  IntrinsicType,
  LiteralType,
  makeRecursiveVisitor,
  ReferenceType,
  ReflectionKind,
  type SomeType,
  UnionType,
} from "typedoc";
import { isOptionsType, type Rule, tagText, textOf } from "./findings.ts";
import type { Reference } from "./reference.ts";
import { ThrowingFunctions } from "./throwing.ts";

/** Every export, member and entry point says what it is. */
const hasDocstring: Rule = {
  declaration: (declaration) => {
    if (textOf(declaration.comment) !== "") return [];
    const signatures = declaration.signatures ?? [];
    if (signatures.length > 0 && signatures.every(({ comment }) => textOf(comment) !== "")) return [];
    return ["has no docstring"];
  },
};

/** Every parameter is described, or named in the text; options describe themselves. */
const describesParameters: Rule = {
  signature: (signature) =>
    (signature.parameters ?? [])
      .filter(({ comment, type }) => textOf(comment) === "" && !isOptionsType(type))
      .filter(
        ({ name }) =>
          !new RegExp(`\\b${name}\\b`).test(`${textOf(signature.comment)} ${textOf(signature.parent.comment)}`),
      )
      .map(({ name }) => `does not say what the parameter "${name}" is`),
};

/** Every type parameter of a type is described. */
const describesTypeParameters: Rule = {
  declaration: ({ typeParameters = [] }) =>
    typeParameters
      .filter(({ comment }) => textOf(comment) === "")
      .map(({ name }) => `does not say what the type parameter "${name}" is`),
};

/** What is returned is described, unless it is nothing, one of our own types, or what the text begins with: "The value of an id". */
const describesReply: Rule = {
  signature: ({ kind, type, comment, parent }) => {
    if (kind === ReflectionKind.ConstructorSignature || type === undefined || isPlain(type)) return [];
    const text = textOf(comment ?? parent.comment);
    const isWhatItReturns = /^(The|A|An|What|Whether|How many) /.test(text);
    return isWhatItReturns || tagText(comment, "@returns") !== null ? [] : ["does not say what it returns"];
  },
};

function isPlain(type: SomeType): boolean {
  if (type instanceof IntrinsicType) return type.name === "void";
  if (!(type instanceof ReferenceType)) return false;
  if (type.name === "Promise") return type.typeArguments?.every(isPlain) ?? false;
  return type.reflection !== undefined;
}

/** What takes options says which error wrong ones are refused with. */
const namesErrorOfOptions: Rule = {
  signature: ({ parameters = [], comment }) => {
    if (!parameters.some(({ type }) => isOptionsType(type))) return [];
    return tagText(comment, "@throws")?.includes("ERR_TICKPIPE_INVALID_OPTION")
      ? []
      : ["takes options, but has no @throws with ERR_TICKPIPE_INVALID_OPTION"];
  },
};

/** An error of Tickpipe's is named with its code. */
const namesErrorCodes: Rule = {
  signature: ({ comment }) =>
    (comment?.getTags("@throws") ?? [])
      .filter(({ typeAnnotation }) => /Tickpipe\w*Error/.test(typeAnnotation ?? ""))
      .filter(({ content }) => !content.some(({ text }) => /ERR_TICKPIPE_[A-Z_]+/.test(text)))
      .map(({ typeAnnotation }) => `has a @throws ${typeAnnotation} without an error code`),
};

const UNIT =
  /\b(ms|milliseconds|seconds|bytes|KiB|MiB|commands|calls|connections|transactions|round trips|requests|ids|stacks|often|part)\b/i;

/** An option that may be left out names its default, and one that is a number its unit. */
const optionsHaveDefaultAndUnit: Rule = {
  declaration: (declaration) => {
    const { parent, type, comment, flags } = declaration;
    if (!declaration.kindOf(ReflectionKind.Property) || !parent?.name.endsWith("Options")) return [];
    const text = textOf(comment);
    return [
      ...(flags.isOptional && !/\bdefault\b/i.test(text) ? ["does not name its default"] : []),
      ...(isNumber(type) && !UNIT.test(text) ? ["does not name its unit"] : []),
    ];
  },
};

function isNumber(type: SomeType | undefined): boolean {
  if (type instanceof UnionType) return type.types.some(isNumber);
  if (type instanceof LiteralType) return typeof type.value === "number";
  return type instanceof IntrinsicType && type.name === "number";
}

/** What throws, as its code shows, says what. */
function documentsErrors({ program, symbolOf }: Reference): Rule {
  const functions = new ThrowingFunctions(program);
  return {
    declaration: (declaration) => {
      const symbol = symbolOf(declaration);
      if (symbol === undefined || !declaration.kindOf(ReflectionKind.FunctionOrMethod)) return [];
      const isSaid = declaration.signatures?.some(({ comment }) => tagText(comment, "@throws") !== null);
      return isSaid || !functions.throws(symbol) ? [] : ["throws, but has no @throws"];
    },
  };
}

/** A type that is named can be imported. */
const namesExportedTypes: Rule = {
  declaration: ({ type, extendedTypes = [] }) => [type, ...extendedTypes].flatMap(notExported),
  signature: ({ type, parameters = [] }) => [type, ...parameters.map((each) => each.type)].flatMap(notExported),
};

function notExported(type: SomeType | undefined): string[] {
  const found: string[] = [];
  type?.visit(
    makeRecursiveVisitor({
      reference: ({ name, package: from, reflection, refersToTypeParameter }) => {
        if (reflection || refersToTypeParameter || !from?.startsWith("@tickpipe/")) return;
        found.push(`names the type ${name}, which is not exported`);
      },
    }),
  );
  return found;
}

/** Every rule, in the order in which they speak. */
export function allRules(reference: Reference): readonly Rule[] {
  return [
    hasDocstring,
    describesParameters,
    describesTypeParameters,
    describesReply,
    namesErrorOfOptions,
    namesErrorCodes,
    documentsErrors(reference),
    optionsHaveDefaultAndUnit,
    namesExportedTypes,
  ];
}
