import { parseArgs } from "node:util";
import { packAll } from "./pack.ts";

const { values } = parseArgs({ options: { out: { type: "string", default: "packed" } } });
for (const [name, tarball] of Object.entries(await packAll(values.out))) console.log(`${name}  ${tarball}`);
