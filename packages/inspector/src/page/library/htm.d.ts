/* The browser's module, whose types htm only has for CommonJS. */
import type { VNode } from "./preact.js";

declare const htm: { bind(create: unknown): (strings: TemplateStringsArray, ...values: unknown[]) => VNode };
export default htm;
