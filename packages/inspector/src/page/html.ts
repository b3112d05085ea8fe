import htm from "./library/htm.js";
import { h, type VNode } from "./library/preact.js";

/** Markup as a template; what is put into it is text, never markup. */
export const html: (strings: TemplateStringsArray, ...values: unknown[]) => VNode = htm.bind(h);

/** The address of something beside the page, wherever it is mounted. */
export const addressOf = (path: string): string => new URL(`../${path}`, import.meta.url).href;
