import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Comment, type DeclarationReflection, type ProjectReflection, ReflectionKind } from "typedoc";
import type { EntryPoint } from "./entry-points.ts";
import type { Reference } from "./reference.ts";

/** Writes the pages of a reference into a folder, in the place of what is there: one for each entry point, and one that leads to them. */
export async function writePages(
  { project, render }: Reference,
  entryPoints: readonly EntryPoint[],
  folder: string,
): Promise<void> {
  await render(folder);
  writeFileSync(join(folder, "README.md"), indexPage(project, entryPoints));
}

/** The page that leads to the others: what each entry point is for, and its functions. */
function indexPage(project: ProjectReflection, entryPoints: readonly EntryPoint[]): string {
  const rows = entryPoints.map(({ specifier, page }) => {
    const module = project.getChildByName([page]) as DeclarationReflection;
    const functions = module.getChildrenByKind(ReflectionKind.Function).map(({ name }) => `\`${name}()\``);
    return `| [\`${specifier}\`](${page}.md) | ${firstParagraph(module.comment)} | ${functions.join(", ")} |`;
  });
  return [
    "# API reference",
    "Everything that the packages export. It is made from the docstrings in the sources by `npx -y pnpm@12.21.0 docs:api`, and a test sees to it that it is up to date: to change it, change those.",
    ["| import | what it is for | functions |", "| --- | --- | --- |", ...rows].join("\n"),
    "Errors have a page of their own: [errors](../errors.md).\n",
  ].join("\n\n");
}

function firstParagraph(comment: Comment | undefined): string {
  const text = Comment.combineDisplayParts(comment?.summary);
  return (text.split("\n\n")[0] ?? "").replace(/\s+/g, " ");
}
