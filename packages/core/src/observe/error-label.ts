/** What may be told of an error to anybody: never its message, which may hold a value. */
export interface ErrorLabel {
  /** Its class, as in `"ReplyError"`. */
  readonly name: string;
  readonly code: string | null;
}

/**
 * The first words of Redis's own errors. A script makes errors of any words, a value's among them, so that only these are passed on.
 *
 * https://github.com/redis/redis (`shared.*err` in server.c, and the modules' and Cluster's own)
 */
const REDIS_CODES: ReadonlySet<string> = new Set([
  ...["ERR", "WRONGTYPE", "NOAUTH", "WRONGPASS", "NOPERM", "NOPROTO", "NOSCRIPT", "UNKILLABLE", "NOTBUSY", "BUSY"],
  ...["EXECABORT", "OOM", "MISCONF", "READONLY", "LOADING", "MASTERDOWN", "NOREPLICAS", "NOMASTERLINK", "NOGOODSLAVE"],
  ...["BUSYGROUP", "NOGROUP", "BUSYKEY", "UNBLOCKED", "INPROG", "IOERR", "DENIED", "INDEXERR"],
  ...["MOVED", "ASK", "TRYAGAIN", "CROSSSLOT", "CLUSTERDOWN", "REDIRECT"],
]);

const CLASS_NAME = /^[A-Za-z_$][\w$]{0,63}$/;
const NODE_CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/** The label of whatever was thrown. */
export function errorLabel(error: unknown): ErrorLabel {
  if (!(error instanceof Error)) return { name: "Error", code: null };
  const { name, message } = error;
  const label = typeof name === "string" && CLASS_NAME.test(name) ? name : "Error";
  if (label === "ReplyError") {
    const word = String(message).split(/[\s:]/, 1)[0] ?? "";
    return { name: label, code: REDIS_CODES.has(word) ? word : null };
  }
  const code = (error as { readonly code?: unknown }).code;
  return { name: label, code: typeof code === "string" && NODE_CODE.test(code) ? code : null };
}
