import type { Folder } from "./folder.ts";
import type { Kind } from "./matrix.ts";

const STRICT = {
  ...{ target: "es2022", lib: ["es2023"], types: ["node"] },
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
  // Declarations are checked too: ours, and those that they import.
  skipLibCheck: false,
};

const MODULES: Readonly<Partial<Record<Kind, object>>> = {
  "ts-nodenext": { module: "nodenext" },
  "ts-nodenext-cjs": { module: "nodenext" },
  // As `tsc --init` wrote it for years: packages are looked up as Node 10 did, without `exports`.
  "ts-commonjs": { module: "commonjs", esModuleInterop: true },
  "ts-bundler": { module: "esnext", moduleResolution: "bundler", noEmit: true },
  "ts-bundler-all": { module: "esnext", moduleResolution: "bundler", noEmit: true },
};

/**
 * Compiles what is in a folder, as the kind of application asks.
 *
 * @param others options for what of a third party fails by itself
 */
export async function checkAndEmit(folder: Folder, kind: Kind, others: object = {}): Promise<void> {
  const config = { compilerOptions: { ...STRICT, ...MODULES[kind], ...others }, include: ["*.ts"] };
  await folder.write("tsconfig.json", JSON.stringify(config));
  await folder.runWell("npx", ["--no-install", "tsc", "-p", "."]);
}
