/** The package has no types of its own. */
declare module "on-finished" {
  import type { ServerResponse } from "node:http";

  export default function onFinished(res: ServerResponse, listener: () => unknown): ServerResponse;
}
