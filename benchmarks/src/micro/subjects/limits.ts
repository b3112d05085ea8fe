import { once } from "node:events";
import { connect } from "node:net";
import type { Redis } from "ioredis";
import type { Subject } from "../subjects.ts";

/** What the server and the decoder can do when all the keys go in one command. */
export async function mget(client: Redis): Promise<Subject> {
  await client.ping();
  return {
    can: ({ kind }) => kind === "get",
    make: (calls) => client.mget(calls.map(({ key }) => key)),
  };
}

/** What the connection can do: the requests are joined, and of the replies only the bytes are counted. */
export async function rawSocket(port: number): Promise<Subject> {
  const socket = connect(port, "127.0.0.1").setNoDelay(true);
  await once(socket, "connect");
  let waitingBytes = 0;
  let done = (): void => {};
  socket.on("data", (data) => {
    waitingBytes -= data.length;
    if (waitingBytes === 0) done();
  });
  return {
    can: ({ kind }) => kind === "get",
    make: (calls) => {
      let request = "";
      for (const { key, value } of calls) {
        request += `*2\r\n$3\r\nget\r\n$${key.length}\r\n${key}\r\n`;
        waitingBytes += `$${value.length}\r\n`.length + value.length + 2;
      }
      socket.write(request);
      return new Promise<void>((resolve) => {
        done = resolve;
      });
    },
  };
}
