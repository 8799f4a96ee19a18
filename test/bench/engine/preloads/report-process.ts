import { monitorEventLoopDelay } from "node:perf_hooks";

/** What a process that is looked into says of itself. */
export interface ProcessReport {
  readonly rssMib: number;
  readonly heapUsedMib: number;
  readonly externalMib: number;
  /** Longest time that the event loop was kept since the last report, and its 99th percentile. */
  readonly loopDelayMaxMs: number;
  readonly loopDelayP99Ms: number;
}

const MIB = 1_048_576;
const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();

// Loaded before a program that knows nothing of it: it answers the benchmark, and ends the program when the benchmark ends.
process.on("message", () => {
  // There with --expose-gc: what the heap holds is then what is held on to.
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({
    rssMib: rss / MIB,
    heapUsedMib: heapUsed / MIB,
    externalMib: external / MIB,
    loopDelayMaxMs: loop.max / 1e6,
    loopDelayP99Ms: loop.percentile(99) / 1e6,
  } satisfies ProcessReport);
  loop.reset();
});
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
