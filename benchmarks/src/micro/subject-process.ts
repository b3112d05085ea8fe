/* A child process of the benchmark: one subject, which does what it is told to. */
import { measureLatency } from "./latency.ts";
import { type SentCommands, sendCommands } from "./memory.ts";
import { subjectsOn, type Target } from "./subjects.ts";
import type { TaskName, Tasks } from "./tasks.ts";
import { measureThroughput } from "./throughput.ts";
import { countWrites, watchSockets } from "./writes.ts";

const [, , name = "", port = "", target = "server"] = process.argv;
const makers = subjectsOn(target as Target);
const make = makers[name];
if (!make) throw new Error(`Expected one of ${Object.keys(makers).join(", ")}.`);
const sockets = watchSockets();
const subject = await make(Number(port));
let sent: SentCommands | undefined;

const tasks: { readonly [Name in TaskName]: (given: Tasks[Name]["given"]) => Promise<Tasks[Name]["answer"]> } = {
  throughput: (workload) => measureThroughput(subject, workload),
  writes: (workload) => countWrites(subject, workload, sockets),
  latency: (load) => measureLatency(subject, load),
  "memory: send": async ({ commands }) => {
    sent = await sendCommands(subject, commands);
    return "sent";
  },
  "memory: weigh": () => {
    if (!sent) throw new Error("Expected commands to have been sent.");
    return sent.weigh();
  },
};

process.on("message", async ({ task, given }: { task: TaskName; given: unknown }) => {
  process.send?.(await tasks[task](given as never));
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
