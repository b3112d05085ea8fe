import type { ClientInternals } from "../client.ts";

/** A script as ioredis keeps it under the name that it was defined by. */
interface DefinedScript {
  readonly lua: string;
  readonly numberOfKeys: number | null;
  readonly readOnly: boolean;
}

/**
 * Gives a connection the scripts and the module commands that were added to another client. `duplicate()` passes on only
 * those of the `scripts` option.
 */
export function copyAddedCommands(from: ClientInternals, to: ClientInternals): void {
  const known = to.scriptsSet as Record<string, DefinedScript> | undefined;
  for (const [name, script] of Object.entries((from.scriptsSet ?? {}) as Record<string, DefinedScript>)) {
    const { lua, numberOfKeys, readOnly } = script;
    if (known?.[name]?.lua === lua) continue;
    // ioredis keeps null for a number of keys that each call gives itself, and takes undefined for it.
    to.defineCommand?.(name, { lua, readOnly, ...(numberOfKeys === null ? {} : { numberOfKeys }) });
  }
  for (const name of from.addedBuiltinSet ?? []) {
    if (to.addedBuiltinSet?.has(name) === false) to.addBuiltinCommand?.(name);
  }
}
