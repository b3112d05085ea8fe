import type { ErrorRequestHandler } from "express";

/** Logs what went wrong, and answers 500 without telling it. */
export const onError: ErrorRequestHandler = (error, _req, res, next) => {
  // Not the error itself: of one of Redis, ioredis has put the command's arguments into it.
  console.error(error.stack ?? error);
  if (res.headersSent) next(error);
  else res.status(500).json({ error: "internal error" });
};
