import { readFile } from "node:fs/promises";

/**
 * The licences of the packages that some modules are of, in full, as they ask for where their code is passed on.
 *
 * @param modules their files; those of no package in `node_modules` are our own
 */
export async function licencesOf(modules: readonly string[]): Promise<string> {
  const folders = modules.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(file)?.[0] ?? []);
  const texts = [...new Set(folders)].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(`${folder}package.json`, "utf8"));
    const text = await readFile(`${folder}LICENSE`, "utf8");
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return `The files of this folder hold code of these packages.\n\n${(await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`)}`;
}
