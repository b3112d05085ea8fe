import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ownUrl } from "./own-url.ts";
import { respond, respondText } from "./responses.ts";

/** Looked up when they are asked for: within a bundle there are no such files, which must not keep an application from starting. */
const resolve = (library: string): string => createRequire(ownUrl()).resolve(library);
/** A file of this package, the same whether this module runs from src/ or from dist/. */
const ownFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, ownUrl()));

/** The libraries of the page, as npm has installed them. */
const LIBRARIES: ReadonlyMap<string, () => string> = new Map([
  ["preact.js", () => resolve("preact")],
  ["preact-hooks.js", () => resolve("preact/hooks")],
  ["htm.js", () => join(dirname(resolve("htm")), "htm.module.js")],
  ["uplot.js", () => resolve("uplot/dist/uPlot.esm.js")],
  ["uplot.css", () => resolve("uplot/dist/uPlot.min.css")],
]);

const TYPES: ReadonlyMap<string, string> = new Map([
  [".js", "text/javascript; charset=utf-8"],
  [".css", "text/css; charset=utf-8"],
  [".svg", "image/svg+xml"],
  [".html", "text/html; charset=utf-8"],
]);

interface Asset {
  readonly body: Buffer;
  readonly tag: string;
}

/** The page's files, each read when it is first asked for. */
export class Assets {
  readonly #read = new Map<string, Asset | null>();

  /**
   * The page itself. Its links are relative, so that it can be mounted anywhere, also behind a proxy that cuts a prefix.
   *
   * @returns `null` where the package's files are not to be found
   */
  html(depth: 0 | 1): string | null {
    const page = this.#find("page.html")?.body.toString();
    return page?.replaceAll("%BASE%", depth === 0 ? "./" : "../") ?? null;
  }

  respond(res: ServerResponse, name: string): void {
    const asset = name === "page.html" ? null : this.#find(name);
    if (asset === null) {
      respondText(res, 404, "Not found.");
      return;
    }
    // Asked for anew each time, so that an update shows at once; a file that has not changed is not sent again.
    const headers = { "Cache-Control": "no-cache", ETag: asset.tag };
    if (res.req.headers["if-none-match"] === asset.tag) respond(res, 304, "", headers);
    else respond(res, 200, asset.body, { ...headers, "Content-Type": TYPES.get(extname(name)) ?? "text/plain" });
  }

  #find(name: string): Asset | null {
    let asset = this.#read.get(name);
    if (asset === undefined && /^[\w-]+(\/[\w-]+)?\.\w+$/.test(name)) {
      asset = readAsset(name);
      if (asset !== null) this.#read.set(name, asset);
    }
    return asset ?? null;
  }
}

function readAsset(name: string): Asset | null {
  try {
    const body = contentOf(name);
    return { body, tag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
  } catch {
    return null;
  }
}

function contentOf(name: string): Buffer {
  const library = /^library\/(.+)$/.exec(name)?.[1];
  if (library !== undefined) {
    const text = readFileSync(LIBRARIES.get(library)?.() ?? "", "utf8");
    // The one import of another library: browsers resolve no bare names, and an import map would be an inline script.
    return Buffer.from(
      text.replace(/from\s*"preact"/g, 'from"./preact.js"').replace(/^\/\/# sourceMappingURL=.*$/m, ""),
    );
  }
  // The page's own modules as tsc has compiled them.
  const text = readFileSync(ownFile(name.endsWith(".js") ? `dist/page/${name}` : `assets/${name}`), "utf8");
  return Buffer.from(text.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
}
