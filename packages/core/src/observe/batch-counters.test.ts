import { describe, expect, it } from "vitest";
import { BatchCounters } from "./batch-counters.ts";

describe("BatchCounters", () => {
  it("tells commands from batches, and knows the largest", () => {
    const counters = new BatchCounters();
    for (const size of [3, 7, 2]) {
      counters.startBatch();
      counters.add(size);
      counters.endBatch(0, "tick", {});
    }
    expect(counters.snapshot()).toEqual({ commands: 12, batches: 3, earlyFlushes: 0, largestBatch: 7 });
  });

  it("counts no batch into which nothing was called, and no command outside of one into a batch", () => {
    const counters = new BatchCounters();
    counters.add(50);
    counters.startBatch();
    counters.endBatch(0, "tick", {});
    counters.startBatch();
    counters.add(1);
    counters.endBatch(0, "tick", {});
    expect(counters.snapshot()).toEqual({ commands: 51, batches: 1, earlyFlushes: 0, largestBatch: 1 });
  });
});
