import type { Finding } from "./finding.ts";
import { placeOf, type Step } from "./steps.ts";

/** What to ask for instead of all of it. */
const LESS: ReadonlyMap<string, string> = new Map([
  ["hgetall", 'const [name, avatar] = await redis.hmget(key, "name", "avatar");'],
  ["hvals", 'const [name, avatar] = await redis.hmget(key, "name", "avatar");'],
  ["lrange", "const page = await redis.lrange(key, 0, 99);"],
  ["zrange", "const page = await redis.zrange(key, 0, 99);"],
  ["zrevrange", "const page = await redis.zrevrange(key, 0, 99);"],
  ["smembers", "const isMember = await redis.sismember(key, member);"],
  ["xrange", 'const page = await redis.xrange(key, "-", "+", "COUNT", 100);'],
  ["get", "const part = await redis.getrange(key, 0, 4095);"],
]);

/** Finds replies of at least so many bytes; one finding for each line. */
export function bigReplies(steps: readonly Step[], bytes: number): Finding[] {
  const lines = new Map<string, Step[]>();
  for (const step of steps) {
    if (step.call.replyBytes < bytes || step.call.answeredBy !== "redis") continue;
    const [at] = step.stack.running;
    const line = `${step.call.method} ${at ? placeOf(at) : ""}`;
    lines.set(line, [...(lines.get(line) ?? []), step]);
  }
  return [...lines.values()].map(findingOf);
}

function findingOf(steps: readonly Step[]): Finding {
  const [first] = steps as readonly [Step];
  const { command, method } = first.call;
  const largest = Math.max(...steps.map(({ call }) => call.replyBytes));
  return {
    kind: "big-reply",
    isGuess: false,
    title: `${method}: a reply of about ${kilobytes(largest)}${steps.length > 1 ? `, ${steps.length} such in all` : ""}.`,
    advice:
      "What comes after it on the connection waits while it is sent and parsed, that of other requests too. Ask for the part that is needed.",
    steps,
    movable: [],
    at: first.stack.running[0] ?? null,
    alsoAt: [],
    rewrite: LESS.get(command) ?? null,
  };
}

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1024).toLocaleString("en")} KiB`;
