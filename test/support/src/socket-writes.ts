/** Counts writes at a socket. */
export interface WriteCounter {
  /** Writes handed to the operating system since the last call. */
  take(): number;
}

type Handle = Record<string, (...args: unknown[]) => unknown>;

// The operations of libuv's stream handle, by which every write of a net.Socket or TLSSocket leaves Node.
const OPERATIONS = [
  "writev",
  "writeBuffer",
  "writeUtf8String",
  "writeLatin1String",
  "writeAsciiString",
  "writeUcs2String",
];

/**
 * Counts the writes of one socket where they leave Node: each operation on the socket's handle is one request to the
 * operating system (which may take a very large one in several steps).
 *
 * @param socket a connected `net.Socket` or `tls.TLSSocket`, such as `client.stream`
 * @param text only writes that contain it are counted. Default: all writes.
 */
export function countSocketWrites(socket: unknown, text?: string): WriteCounter {
  const handle = (socket as { readonly _handle?: Handle })._handle;
  if (!handle) throw new Error("Expected a connected socket, got one without a handle.");
  let writes = 0;
  for (const operation of OPERATIONS) {
    const original = handle[operation];
    if (!original) continue;
    handle[operation] = function (this: unknown, ...args: unknown[]) {
      if (text === undefined || args.flat().some((part) => contains(part, text))) writes += 1;
      return original.apply(this, args);
    };
  }
  return {
    take: () => {
      const taken = writes;
      writes = 0;
      return taken;
    },
  };
}

function contains(part: unknown, text: string): boolean {
  return (typeof part === "string" || Buffer.isBuffer(part)) && part.includes(text);
}
