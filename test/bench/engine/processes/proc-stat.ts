import { readdirSync, readFileSync } from "node:fs";

/** Linux counts CPU time in these, whatever its own tick is (USER_HZ; man 5 proc_pid_stat). */
const TICKS_PER_SECOND = 100;
const US_PER_TICK = 1_000_000 / TICKS_PER_SECOND;

/** What the operating system says of a process. */
export interface ProcessStat {
  readonly parent: number;
  /** User and system time of all threads, the collector's included, in microseconds; 10 ms fine. */
  readonly cpuUs: number;
  /** The same of children that ended and were waited for. */
  readonly endedChildrenCpuUs: number;
}

/** Reads a line of `/proc/PID/stat`; the name in parentheses may hold anything. @throws Error when it is no such line */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [parent = Number.NaN, ...ticks] = [1, 11, 12, 13, 14].map((i) => Number(fields[i]));
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = ticks;
  if (![parent, ...ticks].every(Number.isInteger)) throw new Error("no line of /proc/PID/stat");
  return {
    parent,
    cpuUs: (user + system) * US_PER_TICK,
    endedChildrenCpuUs: (endedUser + endedSystem) * US_PER_TICK,
  };
}

/** @throws Error when there is no such process, or no /proc */
export function readStat(pid: number): ProcessStat {
  return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/** CPU time of a process and of its children, those that ended included, in microseconds; of theirs in turn not. */
export function readFamilyCpuUs(pid: number): number {
  const own = readStat(pid);
  let sum = own.cpuUs + own.endedChildrenCpuUs;
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const { parent, cpuUs } = readStat(Number(entry));
      if (parent === pid) sum += cpuUs;
    } catch {
      // It ended between the look and the reading.
    }
  }
  return sum;
}

/** Resident memory of a process, in MiB. */
export function readRssMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kib ?? 0) / 1_024);
}
