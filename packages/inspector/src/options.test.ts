import { afterEach, describe, expect, it, vi } from "vitest";
import { resolveInspectorOptions } from "./options.ts";

afterEach(() => vi.unstubAllEnvs());

const refused: [options: unknown, said: string][] = [
  [null, "Expected the options of inspector() to be an object"],
  [[], "Expected the options of inspector() to be an object"],
  [{ authorise: () => true }, 'no option named by the string "authorise"'],
  [{ enabled: "yes" }, 'Expected option "enabled" of inspector() to be true or false'],
  [{ authorize: true }, 'Expected option "authorize" of inspector() to be a function'],
  [{ redact: /x/ }, 'Expected option "redact" of inspector() to be a function'],
  [{ maxRequests: 0 }, 'Expected option "maxRequests" of inspector() to be a whole number from 1 to 10000'],
  [{ maxRequests: 1e9 }, 'Expected option "maxRequests" of inspector() to be a whole number from 1 to 10000'],
  [{ maxPerSecond: 0.5 }, 'Expected option "maxPerSecond" of inspector() to be a whole number from 1 on'],
  [{ path: "/x/" }, 'Expected option "path" of inspector() to be a path without a slash at its end'],
  [{ path: "/x\r\nSet-Cookie: a" }, 'Expected option "path" of inspector() to be a path'],
  [{ slowMs: -1 }, 'Expected option "slowMs" of inspector() to be a positive number of milliseconds'],
  [{ bigReplyBytes: "1 MB" }, 'Expected option "bigReplyBytes" of inspector() to be a positive number of bytes'],
];

describe("resolveInspectorOptions", () => {
  it.each(refused)("refuses %j", (options, said) => {
    const attempt = () => resolveInspectorOptions(options);
    expect(attempt).toThrow(expect.objectContaining({ code: "ERR_TICKPIPE_INVALID_OPTION" }));
    expect(attempt).toThrow(said);
  });

  it("takes undefined for not given", () => {
    expect(resolveInspectorOptions({ maxRequests: undefined, path: undefined })).toMatchObject({
      ...{ enabled: true, maxRequests: 200, path: "/_tickpipe", header: true, allowRemote: false },
    });
  });

  it("is off in production, where it takes enabled: true only with an authorize", () => {
    vi.stubEnv("NODE_ENV", "production");
    expect(resolveInspectorOptions({}).enabled).toBe(false);
    expect(resolveInspectorOptions({ authorize: () => true }).enabled).toBe(false);
    expect(resolveInspectorOptions({ enabled: true, authorize: () => true }).enabled).toBe(true);
    const attempt = () => resolveInspectorOptions({ enabled: true });
    expect(attempt).toThrow(expect.objectContaining({ code: "ERR_TICKPIPE_INSPECTOR_OPEN" }));
  });
});
