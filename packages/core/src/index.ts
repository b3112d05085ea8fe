export type { IoredisClient } from "./client.ts";
export type { Scope, ScopeOptions, TickpipeControls, Tickpiped } from "./controls.ts";
export { TickpipeError, type TickpipeErrorCode, TickpipeTypeError } from "./errors.ts";
export type { ScopeStats } from "./observe/round-trips.ts";
export { type FlushSchedule, invalidOption, rejectUnknownOptions, type TickpipeOptions } from "./options.ts";
export { tickpipe } from "./tickpipe.ts";
