import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/**
 * Makes what an application's bundler would keep of `@tickpipe/core` if it minified it: with its dependencies and without its peers, of which the main entry
 * point imports none. size-limit weighs it.
 */
export async function minifyCore(): Promise<void> {
  const entry = fileURLToPath(new URL("../../packages/core/lib/index.js", import.meta.url));
  const bundle = await rolldown({ input: entry, external: /^node:/, platform: "node" });
  const file = fileURLToPath(new URL("../dist/minified/core.js", import.meta.url));
  await bundle.write({ file, format: "esm", minify: true });
  await bundle.close();
}
