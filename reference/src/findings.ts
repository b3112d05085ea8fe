import {
  type Comment,
  type DeclarationReflection,
  Comment as DocComment,
  IntersectionType,
  type ProjectReflection,
  ReferenceType,
  ReflectionKind,
  ReflectionType,
  type SignatureReflection,
  type SomeType,
  UnionType,
} from "typedoc";

/** What one rule says of a declaration, or of a function's signature. */
export interface Rule {
  declaration?(declaration: DeclarationReflection): readonly string[];
  signature?(signature: SignatureReflection, name: string): readonly string[];
}

/** All that rules find missing in what the entry points export, each as `page.Name.member: what is missing`. */
export function findingsIn(project: ProjectReflection, rules: readonly Rule[]): string[] {
  return publicDeclarations(project).flatMap((declaration) => {
    const name = declaration.getFullName();
    const said = rules.flatMap((rule) => [
      ...(rule.declaration?.(declaration) ?? []),
      ...signaturesOf(declaration).flatMap((signature) => rule.signature?.(signature, declaration.name) ?? []),
    ]);
    return said.map((missing) => `${name}: ${missing}`);
  });
}

/** The exports of each page, with their members, also inherited ones, and those of object types within them. */
function publicDeclarations(project: ProjectReflection): DeclarationReflection[] {
  const modules = project.getChildrenByKind(ReflectionKind.Module) as DeclarationReflection[];
  return [...modules, ...modules.flatMap((module) => (module.children ?? []).flatMap(withMembers))];
}

function withMembers(declaration: DeclarationReflection): DeclarationReflection[] {
  const within = objectsIn(declaration.type).flatMap(({ children = [] }) => children);
  return [declaration, ...[...(declaration.children ?? []), ...within].flatMap(withMembers)];
}

/** The object types that are written out in a type. */
function objectsIn(type: SomeType | undefined): DeclarationReflection[] {
  if (type instanceof ReflectionType) return [type.declaration];
  if (type instanceof UnionType || type instanceof IntersectionType) return type.types.flatMap(objectsIn);
  return [];
}

/** The ways to call something: none for a property, although it may hold a function. */
function signaturesOf(declaration: DeclarationReflection): readonly SignatureReflection[] {
  if (declaration.kindOf(ReflectionKind.TypeAlias) && declaration.type instanceof ReflectionType) {
    return declaration.type.declaration.signatures ?? [];
  }
  return declaration.signatures ?? [];
}

/** A comment's text before its tags, in one line. */
export function textOf(comment: Comment | undefined): string {
  return DocComment.combineDisplayParts(comment?.summary).replace(/\s+/g, " ").trim();
}

/** The text behind a tag, in one line; `null` without the tag. */
export function tagText(comment: Comment | undefined, tag: `@${string}`): string | null {
  const tags = comment?.getTags(tag) ?? [];
  if (tags.length === 0) return null;
  return tags.map(({ content }) => DocComment.combineDisplayParts(content)).join("\n");
}

/** Whether a type is one of options, which say for themselves what they mean. */
export function isOptionsType(type: SomeType | undefined): boolean {
  return type instanceof ReferenceType && type.name.endsWith("Options");
}
