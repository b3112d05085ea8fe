import type { IncomingMessage, ServerResponse } from "node:http";
import type { ResolvedInspectorOptions } from "../options.ts";
import type { Pace } from "../requests/pace.ts";
import type { RequestLog } from "../requests/request-log.ts";
import type { RequestViews } from "../requests/request-views.ts";
import { pathOf } from "../requests/served-request.ts";
import type { RequestsMessage } from "../view-model.ts";
import { refusalOf } from "./access.ts";
import { Assets } from "./assets.ts";
import { EventStream } from "./event-stream.ts";
import { respond, respondJson, respondText } from "./responses.ts";

const NO_FILES =
  "The files of this page are not where the package has them, as in a bundle. Leave @tickpipe/inspector out of the bundle: with esbuild, --external:@tickpipe/inspector.";

/** The page, opened at one request. */
const PERMALINK = /^\/r\/[\w-]{1,40}$/;

const HTML = { "Content-Type": "text/html; charset=utf-8" };

/** Answers the requests for the page and for what it shows. */
export class PageHandler {
  readonly #options: ResolvedInspectorOptions;
  readonly #log: RequestLog;
  readonly #pace: Pace;
  readonly #views: RequestViews;
  readonly #assets = new Assets();
  readonly #events: EventStream;

  constructor(options: ResolvedInspectorOptions, log: RequestLog, pace: Pace, views: RequestViews) {
    this.#options = options;
    this.#log = log;
    this.#pace = pace;
    this.#views = views;
    this.#events = new EventStream(log, pace, views);
  }

  /** @param path from where the handler is mounted, with a slash at its start */
  async handle(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    const refusal = await refusalOf(req, this.#options, path === "/" || PERMALINK.test(path));
    if (refusal !== null) {
      respondText(res, 403, refusal);
    } else if (req.method !== "GET" && req.method !== "HEAD") {
      respond(res, 405, "", { Allow: "GET, HEAD" });
    } else if (path === "/") {
      respondHtml(req, res, () => this.#assets.html(0));
    } else if (path.startsWith("/assets/")) {
      this.#assets.respond(res, path.slice("/assets/".length));
    } else if (path === "/requests.json") {
      respondJson(res, await this.#all());
    } else if (path === "/events") {
      await this.#events.open(res);
    } else {
      this.#respondOne(req, res, path);
    }
  }

  close(): void {
    this.#events.close();
  }

  async #all(): Promise<RequestsMessage> {
    const requests = await this.#views.summariesOf(this.#log.newest(0, Number.POSITIVE_INFINITY));
    return { requests, skipped: this.#pace.refused };
  }

  #respondOne(req: IncomingMessage, res: ServerResponse, path: string): void {
    if (PERMALINK.test(path)) {
      sendHtml(res, this.#assets.html(1));
      return;
    }
    const id = /^\/r\/([\w-]{1,40})\.json$/.exec(path)?.[1];
    if (id === undefined) {
      respondText(res, 404, "Not found.");
      return;
    }
    const request = this.#log.find(id);
    if (request === undefined) {
      respondText(
        res,
        404,
        "No such request: it made no Redis call, is not over yet, or has made room for newer ones.",
      );
      return;
    }
    const asFile = { "Content-Disposition": `attachment; filename="tickpipe-${id}.json"` };
    respondJson(res, this.#views.detailOf(request), /[?&]download\b/.test(req.url ?? "") ? asFile : {});
  }
}

/** The page's links are relative to a folder, so that it must be asked for as one. */
function respondHtml(
  req: IncomingMessage & { originalUrl?: string },
  res: ServerResponse,
  html: () => string | null,
): void {
  const asked = pathOf(req.originalUrl ?? req.url ?? "/");
  if (asked.endsWith("/")) sendHtml(res, html());
  else respond(res, 302, "", { Location: `./${asked.split("/").at(-1)}/` });
}

function sendHtml(res: ServerResponse, html: string | null): void {
  if (html === null) respondText(res, 500, NO_FILES);
  else respond(res, 200, html, HTML);
}
