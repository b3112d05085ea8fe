/**
 * A value in one line, exact enough to compare by: a string and a Buffer of the same bytes differ, so do `0` and `-0`, and an
 * error shows its class, its message and what ioredis notes on it.
 */
export function textOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : textOfObject(value);
    default:
      // undefined, booleans, symbols, functions
      return typeof value === "function" ? "function" : String(value);
  }
}

function textOfObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(", ")}]`;
  if (Buffer.isBuffer(value)) return `Buffer(${JSON.stringify(value.toString("latin1"))})`;
  if (value instanceof Uint8Array) return `Uint8Array(${[...value].join(" ")})`;
  if (value instanceof Map)
    return `Map {${[...value].map(([key, item]) => `${textOf(key)} => ${textOf(item)}`).join(", ")}}`;
  if (value instanceof Set) return `Set {${[...value].map(textOf).join(", ")}}`;
  if (value instanceof Error) return textOfError(value);
  const prototype = Object.getPrototypeOf(value) === null ? "without prototype " : "";
  return `${prototype}{${Object.entries(value)
    .map(([key, item]) => `${key}: ${textOf(item)}`)
    .join(", ")}}`;
}

function textOfError(error: Error): string {
  const { command, previousErrors } = error as { command?: unknown; previousErrors?: unknown };
  const noted = [
    ...(command === undefined ? [] : [`command ${textOf(command)}`]),
    ...(previousErrors === undefined ? [] : [`previousErrors ${textOf(previousErrors)}`]),
  ];
  return `${error.constructor.name} (${error.name}): ${error.message}${noted.map((each) => ` <${each}>`).join("")}`;
}

/** A text for people: the middle of a long one is left out. */
export function shortened(text: string, length = 300): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length / 2)}… ${text.length - length} characters …${text.slice(-length / 2)}`;
}
