/**
 * Findings as functions of what was recorded: of the `calls` that `record()` or a scope's `record()` tells of.
 *
 * `expectNoWaterfall()` of `@tickpipe/core/testing` and the inspector judge by these.
 *
 * @module diagnose
 */
export { type Movability, mayWait, mayWrite, movabilityOf } from "./diagnose/movability.ts";
export { type SerialCalls, serialCalls } from "./diagnose/serial-calls.ts";
