export { disconnect, nextMessage } from "./child-answers.ts";
export { type ArrivalCount, type CountingProxy, startCountingProxy } from "./counting-proxy.ts";
export { startEmbeddedValkey } from "./embedded.ts";
export { type Engine, startEngine } from "./engines.ts";
export { median } from "./median.ts";
export { type Cut, type Proxy, type ProxyOptions, startProxy } from "./proxy.ts";
export { findRedisServer, requireRedisServer, startRedisServer } from "./redis-server.ts";
export { HOST, type RunningServer } from "./running-server.ts";
export { countSocketWrites, type WriteCounter } from "./socket-writes.ts";
