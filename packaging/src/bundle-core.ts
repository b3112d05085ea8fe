/*
 * Before @tickpipe/core is packed: joins the hundred modules that tsc has made of it, and its two libraries, into one for each entry point and what they share,
 * since Node takes longer to find and link so many files than to run them. Nothing is renamed or minified, so that a stack trace is read as it is; comments stay.
 */
import { rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { licencesOf } from "./licences.ts";

const CORE = fileURLToPath(new URL("../../packages/core/", import.meta.url));
const ENTRIES = ["index", "diagnose", "metrics", "otel", "testing"];
const PEERS = ["@opentelemetry/api", "ioredis", "iovalkey", "prom-client"];

await rm(`${CORE}lib`, { recursive: true, force: true });
// Together, so that module state, such as which clients are wrapped, is there once.
const bundle = await rolldown({
  input: Object.fromEntries(ENTRIES.map((entry) => [entry, `${CORE}dist/${entry}.js`])),
  external: [/^node:/, ...PEERS],
  platform: "node",
});
const { output } = await bundle.write({
  dir: `${CORE}lib`,
  format: "esm",
  // Where observe/call-site.ts looks for itself.
  chunkFileNames: "shared/[name].js",
  minify: false,
  minifyInternalExports: false,
});
await bundle.close();

const modules = output.flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
await writeFile(`${CORE}lib/THIRD-PARTY-LICENSES`, await licencesOf(modules));
