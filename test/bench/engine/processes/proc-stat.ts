import { readdirSync, readFileSync } from "node:fs";

/** Linux counts CPU time in these, whatever its own tick is (USER_HZ; man 5 proc_pid_stat). */
const TICKS_PER_SECOND = 100;
const US_PER_TICK = 1_000_000 / TICKS_PER_SECOND;

/** What the operating system says of a process. */
export interface ProcessStat {
  readonly parent: number;
  /** User and system time of all threads, the collector's included, in microseconds; 10 ms fine. */
  readonly cpuUs: number;
}

/** Reads a line of `/proc/PID/stat`; the name in parentheses may hold anything. @throws Error when it is no such line */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number);
  if (parent === undefined || user === undefined || system === undefined)
    throw new Error("no line of /proc/PID/stat");
  if (!Number.isInteger(parent + user + system)) throw new Error("no line of /proc/PID/stat");
  return { parent, cpuUs: (user + system) * US_PER_TICK };
}

/** @throws Error when there is no such process, or no /proc */
export function readStat(pid: number): ProcessStat {
  return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/** CPU time of a process and of the children that live now, in microseconds. */
export function readFamilyCpuUs(pid: number): number {
  let sum = readStat(pid).cpuUs;
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
