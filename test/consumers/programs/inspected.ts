// Is only compiled: the inspector's types need no more than those of the client.
import { createServer } from "node:http";
import { tickpipe } from "@tickpipe/core";
import { type Inspector, inspector } from "@tickpipe/inspector";
import { Redis } from "iovalkey";

export const page: Inspector = inspector(tickpipe(new Redis()));
export const server = createServer((req, res) => page(req, res, () => res.end()));
