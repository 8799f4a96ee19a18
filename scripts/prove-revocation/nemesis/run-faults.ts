import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../../market/random.js";
import type { Fault, FaultKind } from "./fault-schedule.js";
import type { Fleet } from "./fleet.js";
import type { Stage } from "./stage.js";

export type FaultCounts = Partial<Record<FaultKind, number>>;

/** What a schedule happens to. */
export interface FaultParts {
  readonly fleet: Fleet;
  readonly stage: Stage;
  readonly random: Random;
  /** Counted up as faults happen. */
  readonly counts: FaultCounts;
  /** Aborted when no other fault shall begin. */
  readonly signal: AbortSignal;
}

/** Lets a schedule happen, each fault at its instant, whatever the one before still does; resolves when all are over. */
export async function runFaults(schedule: readonly Fault[], parts: FaultParts): Promise<void> {
  const { counts, signal } = parts;
  const startedMs = performance.now();
  const running: Promise<void>[] = [];
  for (const fault of schedule) {
    const waitMs = Math.max(0, startedMs + fault.atMs - performance.now());
    await delay(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    running.push(
      inflict(fault, parts).then((happened) => {
        if (happened) counts[fault.kind] = (counts[fault.kind] ?? 0) + 1;
      }),
    );
  }
  await Promise.all(running);
}

/** False when it could not be done: no spare to take a place, no backend to kill. */
async function inflict(fault: Fault, { fleet, stage, random }: FaultParts): Promise<boolean> {
  const gateway = fleet.at(fault.place);
  switch (fault.kind) {
    case "hole":
    case "requestHole":
    case "replyHole":
    case "jitter":
    case "slowReplies": {
      const heal = gateway.proxy.hinder(fault.hindrance);
      await delay(fault.durationMs);
      heal();
      return true;
    }
    case "reset":
      gateway.proxy.reset(fault.scope);
      return true;
    case "stopGateway":
      await gateway.stopFor(fault.durationMs);
      return true;
    case "killGateway":
      return fleet.kill(fault.place);
    case "killBackend":
      return killBackend(stage, random);
  }
}

/** SIGKILL of a server process: PostgreSQL ends all sessions and recovers from its log. */
async function killBackend({ admin }: Stage, random: Random): Promise<boolean> {
  const text = `select pid from pg_stat_activity
    where backend_type = 'client backend' and application_name like 'xinqiao-%' order by backend_start`;
  try {
    const { rows } = await admin.pool.query<{ pid: number }>(text);
    const pid = rows[random.below(Math.max(1, rows.length))]?.pid;
    if (pid === undefined) return false;
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    // It is recovering from the last one.
    return false;
  }
}
