import type { RunningServer } from "@tickpipe/test-support";
import type { Memory, MemoryResult } from "../../results.ts";
import { AUTO_PIPELINING, BASELINE, NODE_REDIS, OURS, PIPELINE } from "../../subject-names.ts";
import { takeTurnsWarm } from "../../take-turns.ts";
import { startSubject } from "../running-subject.ts";
import { SMALL_GET_BYTES } from "../workloads.ts";
import { type HoldingProxy, startHoldingProxy } from "./holding-proxy.ts";

// valkey-glide keeps its commands in native memory, which no heap shows.
const NAMES = [BASELINE, AUTO_PIPELINING, PIPELINE, NODE_REDIS, OURS];
// With 100,000, node-redis would spend more than its command timeout of 5 s on making them.
const COMMANDS = 20_000;

/** What the commands in flight hold, each round in a process of its own. */
export async function runMemory(
  server: RunningServer,
  rounds: number,
  onResult: (result: MemoryResult) => void,
): Promise<void> {
  const proxy = await startHoldingProxy(server.port);
  try {
    const subjects = await takeTurnsWarm(
      NAMES.map((name) => ({ name })),
      rounds,
      Number.POSITIVE_INFINITY,
      ({ name }) => weigh(name, proxy),
    );
    onResult({ name: `${COMMANDS.toLocaleString("en")} GETs in flight`, commands: COMMANDS, subjects });
  } finally {
    await proxy.stop();
  }
}

async function weigh(name: string, proxy: HoldingProxy): Promise<Memory> {
  const subject = await startSubject(name, proxy.port, ["--expose-gc"]);
  try {
    const arrived = proxy.hold(COMMANDS * SMALL_GET_BYTES);
    await subject.run("memory: send", { commands: COMMANDS });
    await arrived;
    return await subject.run("memory: weigh", null);
  } finally {
    await subject.stop();
    proxy.drop();
  }
}
