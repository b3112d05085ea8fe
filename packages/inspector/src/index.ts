/**
 * Shows, while you develop, what each request asks of Redis, and which line waits without need.
 *
 * `inspector()` is where it begins. The other types are those of the JSON that its page is told. Keys have been through `redact`, and values are in none of it.
 *
 * @module inspector
 */
export type { FindingKind } from "./findings/finding.ts";
export { type Inspector, inspector } from "./inspector.ts";
export type { InspectorOptions } from "./options.ts";
export type {
  CallView,
  FindingView,
  PlaceView,
  RequestDetail,
  RequestSummary,
  RequestsMessage,
} from "./view-model.ts";
