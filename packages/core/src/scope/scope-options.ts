import type { ScopeOptions } from "../controls.ts";
import { invalidOption, rejectUnknownOptions } from "../options.ts";

/**
 * Checks the options of a scope.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION` for an unknown or a wrong option
 */
export function resolveScopeOptions(options: unknown): ScopeOptions {
  if (options === undefined) return {};
  if (typeof options !== "object" || options === null) {
    throw invalidOption("the options of scope()", "an object", options);
  }
  rejectUnknownOptions(options, ["name"], "scope()");
  const { name } = options as ScopeOptions;
  if (name === undefined) return {};
  if (typeof name !== "string") throw invalidOption('option "name" of scope()', "a string", name);
  return { name };
}
