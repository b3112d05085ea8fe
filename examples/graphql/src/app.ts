import { type Tickpiped, TickpipeError } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import express, { type Express, type Request } from "express";
import { GraphQLError } from "graphql";
import { createHandler } from "graphql-http/lib/use/express";
import type { Redis } from "ioredis";
import { type Context, root, schema } from "./schema.ts";
import { userLoader } from "./users.ts";

/** `POST /graphql`, as the GraphQL over HTTP specification has it. */
export function createApp(redis: Tickpiped<Redis>, usersUrl: string): Express {
  const users = userLoader(redis, usersUrl);
  const app = express();
  app.disable("x-powered-by");
  // A query is written by a stranger: the budget keeps one from asking for everything, and nothing more is asked for one who has hung up.
  // Its resolvers only read, so that nothing is left half done.
  app.use(perRequest(redis, { maxCommands: 2_000, whenOverBudget: "reject", abortOnHangUp: true }));
  app.all(
    "/graphql",
    createHandler({
      schema,
      rootValue: root,
      context: (req) => {
        const { redis: own } = req.raw as Request;
        return { redis: own, users: users.for(own) } satisfies Context;
      },
      formatError,
    }),
  );
  return app;
}

/** Of a mistake in the query its author is told; what else went wrong is for the log, but for what comes of a client that hung up. */
function formatError(error: Readonly<GraphQLError | Error>): GraphQLError | Error {
  if (error instanceof GraphQLError && error.originalError === undefined) return error;
  const { originalError = error, nodes, path } = error as GraphQLError;
  const isHangUp = originalError instanceof TickpipeError && originalError.code === "ERR_TICKPIPE_ABORTED";
  // Not the error itself: of one of Redis, ioredis has put the command's arguments into it.
  if (!isHangUp) console.error(originalError.stack);
  return new GraphQLError("Internal error", { nodes, path });
}
