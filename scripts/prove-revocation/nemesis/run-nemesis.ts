import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../../market/random.js";
import type { BrokenLedger } from "../broken-ledgers.js";
import { PromiseKeeper, type Violation } from "../promises.js";
import { planNemesis } from "./fault-schedule.js";
import { Fleet } from "./fleet.js";
import { type LoadCounts, MerchantLife } from "./merchant-life.js";
import { Parties } from "./parties.js";
import { type FaultCounts, runFaults } from "./run-faults.js";
import { openStage, type Stage } from "./stage.js";

const GATEWAYS = 2;
const RECOVERY_MAX_MS = 30_000;

export interface NemesisOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly defect?: BrokenLedger;
  /** Ends with the first violation. */
  readonly stopsAtFirst?: boolean;
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
  const counts: LoadCounts = {
    inquiries: 0,
    released: 0,
    refused: 0,
    unknown: 0,
    lost: 0,
    grants: 0,
    revokes: 0,
    pauses: 0,
  };
  const parties = new Parties((request) => stage.token(request));
  const stop = new AbortController();
  const startedMs = performance.now();
  const lives = stage.merchants.map((merchant, i) => {
    const random = new Random(seed, i + 1);
    return new MerchantLife({ fleet, parties, keeper, counts, random, signal: stop.signal }, merchant).run();
  });
  const load = Promise.all(lives);
  const schedule = planNemesis(seed, fleet.size, seconds * 1_000 - 1_500);
  const inflicting = runFaults(schedule, { fleet, stage, random: new Random(seed, 0) });
  await Promise.race([load, watch(keeper, options, () => performance.now() - startedMs)]);
  stop.abort();
  const faults = await inflicting;
  await load;
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

/** Resolves when the time is over, or with the first violation where that is enough. */
async function watch(
  keeper: PromiseKeeper,
  { seconds, stopsAtFirst, onProgress }: NemesisOptions,
  elapsedMs: () => number,
): Promise<void> {
  let saidMs = 0;
  while (elapsedMs() < seconds * 1_000) {
    await delay(100);
    if (stopsAtFirst === true && keeper.violations.length > 0) return;
    if (elapsedMs() - saidMs < 5_000) continue;
    saidMs = elapsedMs();
    const { released, acknowledged, violations } = keeper;
    onProgress?.(
      `${(saidMs / 1_000).toFixed(0)} s: ${released} releases, ${acknowledged} acknowledgements, ${violations.length} violations`,
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
