export { arrive, type Schedule } from "./arrivals.ts";
export { disconnect, nextMessage } from "./child-answers.ts";
export { type ClusterNode, type ClusterSize, type RunningCluster, startCluster } from "./cluster.ts";
export {
  failOverTo,
  moveSlots,
  type SlotMove,
  type SlotOwners,
  slotOf,
  slotOwners,
  untilMaster,
} from "./cluster-slots.ts";
export { type ArrivalCount, type CountingProxy, startCountingProxy } from "./counting-proxy.ts";
export { type DelayProxy, startDelayProxy } from "./delay-proxy.ts";
export { startEmbeddedValkey } from "./embedded.ts";
export { type Engine, startEngine } from "./engines.ts";
export { eventually } from "./eventually.ts";
export { type Fault, type FaultProxy, type FaultScript, startFaultProxy } from "./fault-proxy.ts";
export { endAfter } from "./load-ending.ts";
export { median } from "./median.ts";
export { machineMillis } from "./precise-polling.ts";
export { canInstall, installPackage, isExecutable, onPath } from "./programs.ts";
export { type Proxy, type ProxyOptions, startProxy } from "./proxy.ts";
export { findRedisServer, requireRedisServer, startRedisServer } from "./redis-server.ts";
export { meterRequests, type RequestMeter, type ServedRequests } from "./request-meter.ts";
export { freePort, HOST, type RunningServer } from "./running-server.ts";
export { type SentinelSet, type SentinelSetOptions, startSentinelSet } from "./sentinel.ts";
export { countSocketWrites, type WriteCounter } from "./socket-writes.ts";
