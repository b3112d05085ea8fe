/** Uses an application as its users and its developers would, and prints what it saw as JSON. */
export function exercise(parts: Record<string, unknown>): Promise<void>;
