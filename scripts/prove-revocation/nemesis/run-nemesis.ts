import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../../market/random.js";
import type { BrokenLedger } from "../broken-ledgers.js";
import { PromiseKeeper, type Violation } from "../promises.js";
import { planNemesis } from "./fault-schedule.js";
import { Fleet } from "./fleet.js";
import { type LoadCounts, MerchantLife, NOTHING_YET } from "./merchant-life.js";
import { Parties } from "./parties.js";
import { type FaultCounts, runFaults } from "./run-faults.js";
import { openStage, type Stage } from "./stage.js";

const GATEWAYS = 2;
const RECOVERY_MAX_MS = 30_000;
/** A machine that is too busy for enough to happen gets this many times the time. */
const PATIENCE = 3;

/** Fewer than these, and a run says little. On two cores that are otherwise idle twenty seconds bring many times as much. */
export const NEMESIS_LEAST = { inquiries: 200, released: 20, revokes: 30, unknown: 1, faults: 10 } as const;

export interface NemesisOptions {
  readonly seed: number;
  /** Of play; starting and recovering come before and after. */
  readonly seconds: number;
  /** A deliberate defect: the run ends with the first violation. */
  readonly defect?: BrokenLedger;
  readonly onProgress?: (line: string) => void;
}

export interface NemesisResult {
  readonly violations: readonly Violation[];
  readonly counts: Readonly<LoadCounts>;
  readonly faults: FaultCounts;
  /** Gateway processes that were started. */
  readonly processes: number;
  /** Until every gateway released again after the last fault; `undefined` when one did not. */
  readonly recoveredMs: number | undefined;
  readonly seconds: number;
}

/** What a run lacks to count as one, one phrase each. */
export function nemesisShortfalls({
  counts,
  faults,
}: Pick<NemesisResult, "counts" | "faults">): readonly string[] {
  const found = { ...counts, faults: faultsOf(faults) };
  const names = Object.keys(NEMESIS_LEAST) as (keyof typeof NEMESIS_LEAST)[];
  return names
    .filter((name) => found[name] < NEMESIS_LEAST[name])
    .map((name) => `${found[name]} ${name} of at least ${NEMESIS_LEAST[name]}`);
}

/** All kinds together. */
export function faultsOf(faults: FaultCounts): number {
  return Object.values(faults).reduce((sum, count) => sum + count, 0);
}

/** Plays one run on a stage of its own, and takes everything away again. */
export async function runNemesis(options: NemesisOptions): Promise<NemesisResult> {
  const stage = await openStage();
  try {
    const fleet = await Fleet.start(stage, GATEWAYS, options.defect);
    try {
      await stage.publishMerchants(fleet.at(0));
      return await play(stage, fleet, options);
    } finally {
      await fleet.close();
    }
  } finally {
    await stage.close();
  }
}

async function play(stage: Stage, fleet: Fleet, options: NemesisOptions): Promise<NemesisResult> {
  const { seed, seconds } = options;
  const keeper = new PromiseKeeper();
  const counts: LoadCounts = { ...NOTHING_YET };
  const parties = new Parties((request) => stage.token(request));
  const faults: FaultCounts = {};
  const stop = new AbortController();
  const { signal } = stop;
  const startedMs = performance.now();
  const lives = stage.merchants.map((merchant, i) => {
    const random = new Random(seed, i + 1);
    return new MerchantLife({ fleet, parties, keeper, counts, random, signal }, merchant).run();
  });
  const load = Promise.all(lives);
  const schedule = planNemesis(seed, fleet.size, PATIENCE * seconds * 1_000);
  const inflicting = runFaults(schedule, {
    fleet,
    stage,
    random: new Random(seed, 0),
    counts: faults,
    signal,
  });
  try {
    await Promise.race([load, inflicting, watch({ keeper, counts, faults }, options, startedMs)]);
  } finally {
    stop.abort();
    await Promise.allSettled([inflicting, load]);
  }
  const playedMs = performance.now() - startedMs;
  const recoveredMs = await recovery(stage, fleet, parties);
  await judgeStore(stage, keeper);
  return {
    violations: keeper.violations,
    counts,
    faults,
    processes: fleet.started,
    recoveredMs,
    seconds: playedMs / 1_000,
  };
}

/** Resolves when the time is over and enough has happened, or with the first violation of a defect. */
async function watch(
  { keeper, counts, faults }: { keeper: PromiseKeeper; counts: LoadCounts; faults: FaultCounts },
  { seconds, defect, onProgress }: NemesisOptions,
  startedMs: number,
): Promise<void> {
  for (let tick = 1; ; tick++) {
    await delay(100);
    const elapsed = (performance.now() - startedMs) / 1_000;
    const isFound = keeper.violations.length > 0;
    if (defect !== undefined && isFound) return;
    // Right code has to stand the whole time; a defect has all the time there is to show itself.
    const isEnough = defect === undefined && nemesisShortfalls({ counts, faults }).length === 0;
    if (elapsed >= seconds * (isEnough ? 1 : PATIENCE)) return;
    if (tick % 50 === 0)
      onProgress?.(
        `${elapsed.toFixed(0)} s: ${counts.inquiries} inquiries, ${counts.revokes} revokes, ${faultsOf(faults)} faults, ${keeper.violations.length} violations`,
      );
  }
}

/** With all faults over each gateway must serve again: a safe gateway that stays shut would prove nothing. */
async function recovery(stage: Stage, fleet: Fleet, parties: Parties): Promise<number | undefined> {
  const startedMs = performance.now();
  const [merchant = ""] = stage.merchants;
  const open = new Set(Array.from({ length: fleet.size }, (_, place) => place));
  for (let turn = 0; performance.now() - startedMs < RECOVERY_MAX_MS; turn++) {
    for (const place of open) {
      const bank = `recovery-${place}-${turn}`;
      const consentId = await parties.grant(fleet.at(place), merchant, bank);
      if (consentId === undefined) continue;
      const outcome = await parties.inquire(fleet.at(place), bank, merchant);
      if (outcome.kind === "released") open.delete(place);
    }
    if (open.size === 0) return performance.now() - startedMs;
    await delay(100);
  }
  return undefined;
}

/** R4, by the database itself: what was acknowledged as revoked is so, and nothing came after. */
async function judgeStore({ admin }: Stage, keeper: PromiseKeeper): Promise<void> {
  const { rows } = await admin.pool.query<{ consent_id: string; last: string }>(
    `select distinct on (consent_id) consent_id, kind as last from consents.consent_event
      where consent_id = any($1::uuid[]) order by consent_id, seq desc`,
    [keeper.revoked()],
  );
  const last = new Map(rows.map((row) => [row.consent_id, row.last]));
  for (const consentId of keeper.revoked()) {
    const kind = last.get(consentId) ?? "NOTHING";
    if (kind !== "REVOKED")
      keeper.breaks("R4", `${consentId} was acknowledged as revoked; the ledger's last word is ${kind}`);
  }
}
