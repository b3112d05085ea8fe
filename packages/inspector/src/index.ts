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
