export function countSocketWrites(socket: unknown): { take(): number };
