import type { IncomingMessage, ServerResponse } from "node:http";
import { type IoredisClient, tickpipe } from "@tickpipe/core";
import { PageHandler } from "./http/page-handler.ts";
import { PERMALINK_HEADER, respondText } from "./http/responses.ts";
import { type InspectorOptions, resolveInspectorOptions } from "./options.ts";
import { Pace } from "./requests/pace.ts";
import { lineOf } from "./requests/request-line.ts";
import { RequestLog } from "./requests/request-log.ts";
import { recordRequests } from "./requests/request-recorder.ts";
import { RequestViews } from "./requests/request-views.ts";
import { pathOf } from "./requests/served-request.ts";

/** A handler for Express 4 and 5; for anything else, too, that calls `(req, res, next)`. */
export interface Inspector {
  (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void;
  /**
   * Prints a line for each recorded request with findings from now on. In production it prints nothing, nor where the inspector is off. The lines have routes and
   * places in the code, and no keys.
   *
   * @param print prints a line. Default: to the standard error output
   */
  log(print?: (line: string) => void): void;
  /** Ends the recording and the open pages' streams, and forgets what was recorded. The handler then calls `next()`. */
  close(): void;
}

/**
 * Records the Redis calls of each request and serves a page that shows them as a waterfall, with the lines to change:
 * `app.use("/_tickpipe", inspector(redis))`. Requests are those of `perRequest()`; other scopes are shown by their names.
 *
 * @param redis a view made by `tickpipe()`, or its client: the one that `perRequest()` was given
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT`, `ERR_TICKPIPE_INVALID_OPTION`
 * @throws {TickpipeError} `ERR_TICKPIPE_INSPECTOR_OPEN` with `enabled: true` in production without `authorize`; `ERR_TICKPIPE_AUTOPIPELINING` for a plain client that
 *   `tickpipe()` refuses
 */
export function inspector(redis: IoredisClient, options: InspectorOptions = {}): Inspector {
  const resolved = resolveInspectorOptions(options);
  const view = tickpipe(redis);
  if (!resolved.enabled) {
    const pass = (_req: IncomingMessage, _res: ServerResponse, next: () => void): void => next();
    return Object.assign(pass, { log: () => {}, close: () => {} });
  }
  const log = new RequestLog(resolved.maxRequests);
  const pace = new Pace(resolved.maxPerSecond);
  const views = new RequestViews(resolved, resolved.redact);
  const page = new PageHandler(resolved, log, pace, views);
  let mountedAt = resolved.path;
  let isOpen = true;
  const stop = recordRequests(view, log, pace, (id, res) => {
    if (resolved.header && !res.headersSent) res.setHeader(PERMALINK_HEADER, `${mountedAt}/r/${id}`);
  });
  const handler = (
    req: IncomingMessage & { readonly baseUrl?: string },
    res: ServerResponse,
    next: (error?: unknown) => void,
  ): void => {
    const path = isOpen ? pathWithin(req, resolved.path) : null;
    if (path === null) {
      next();
      return;
    }
    // Learned from whoever asks: with a URL-encoded slash or a line end it would be no path.
    if (req.baseUrl && /^(?!.{513})(\/[\w.~-]+)+$/.test(req.baseUrl)) mountedAt = req.baseUrl;
    page.handle(req, res, path).catch((error: unknown) => passOn(error, res, next));
  };
  const printLines = (print: (line: string) => void = toStandardError): void => {
    if (resolved.isProduction) return;
    log.onAdd = (request) => {
      // Not within the response's own event: looking for findings takes a moment.
      setImmediate(() => {
        const line = lineOf(views.detailOf(request), mountedAt);
        if (line !== null) print(line);
      });
    };
  };
  const close = (): void => {
    isOpen = false;
    log.onAdd = null;
    stop();
    page.close();
    log.clear();
  };
  return Object.assign(handler, { log: printLines, close });
}

/** What handles errors may throw itself, as where it looks at a stack that `Error.prepareStackTrace` fails to write. */
function passOn(error: unknown, res: ServerResponse, next: (error?: unknown) => void): void {
  try {
    next(error);
  } catch {
    if (res.headersSent) res.destroy();
    else respondText(res, 500, "The inspector failed, and so did what handles the application's errors.");
  }
}

const toStandardError = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** The path from where the handler is mounted. Express cuts what is before it; with plain `node:http` it is cut here. */
function pathWithin(req: IncomingMessage & { readonly baseUrl?: string }, mountedAt: string): string | null {
  const path = pathOf(req.url ?? "/");
  if (req.baseUrl) return path;
  if (path === mountedAt) return "/";
  return path.startsWith(`${mountedAt}/`) ? path.slice(mountedAt.length) : null;
}
