import { quantileOf } from "../statistics.js";

/** What one path did in one slice of time. */
export interface Slice {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of this process for one answer, the caller's own work included. */
  readonly nodeUs: number;
}

/** Asks once; `caller` says which of the callers asks. */
export type Path = (caller: number) => Promise<unknown>;

/** Callers come one after another, as requests do, not all in one turn of the event loop. */
const ARRIVAL_MS = 0.1;

/** So many callers, each asking again as soon as it was answered, for so long. */
export async function measure(path: Path, callers: number, durationMs: number): Promise<Slice> {
  const latencies: number[] = [];
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  const endMs = startMs + durationMs;
  const call = async (caller: number): Promise<void> => {
    while (performance.now() < startMs + caller * ARRIVAL_MS) await new Promise(setImmediate);
    for (let askedMs = performance.now(); askedMs < endMs;) {
      await path(caller);
      const nowMs = performance.now();
      latencies.push(nowMs - askedMs);
      askedMs = nowMs;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  const { user, system } = process.cpuUsage(startCpu);
  const perSecond = (latencies.length / (performance.now() - startMs)) * 1_000;
  latencies.sort((a, b) => a - b);
  const nodeUs = (user + system) / latencies.length;
  return { perSecond, p50Ms: quantileOf(latencies, 0.5), p99Ms: quantileOf(latencies, 0.99), nodeUs };
}
