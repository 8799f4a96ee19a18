import type { Timers } from "../../foundation/clock.js";
import { createCoalescer } from "../../foundation/coalescer.js";
import { createLane, type Lane } from "../../foundation/postgres/lane.js";
import type { Postgres } from "../../foundation/postgres.js";
import type { LedgerConsent } from "../../schema/consent-terms.js";
import { BureauError } from "../../schema/errors.js";
import type { ConsentLedger } from "../../schema/ports.js";
import { type Check, checkTruth } from "./ledger/check-truth.js";
import { countUses } from "./ledger/count-uses.js";

/** Callers that share one statement. */
const CALLERS_MAX = 512;
/** Checks on the wire at a time: while the answers of one are read, the server works on the other. More of them carry fewer each. */
const CHECK_LANES = 2;

/**
 * Settings of the ledger's connections. Its few statements are planned once, whatever number of questions they carry: to
 * plan a check anew takes longer than to run it. The plan looks up each name in an index even if it is made while the tables
 * are still empty.
 */
export const LEDGER_CONNECTION = {
  jit: "off",
  plan_cache_mode: "force_generic_plan",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_seqscan: "off",
  enable_bitmapscan: "off",
} as const;

export interface ConsentLedgerOptions {
  /**
   * A small pool of the ledger's own, so that no other work can hold up a check. Three connections are used; they are
   * opened with `LEDGER_CONNECTION`.
   */
  readonly postgres: Postgres;
  /** How long a statement may be on the wire before its connection is destroyed. */
  readonly timeoutMs: number;
  /** WARNING: for tests only. Consents are judged by the database's clock; this takes its place. */
  readonly now?: () => Date;
  /** Default: the machine's own. */
  readonly timers?: Timers;
}

/**
 * The truth about consents, read through a freshness barrier: every check is part of one statement on the primary that
 * was sent after the check was asked for, so that an acknowledged revocation is always seen. Nothing is kept in memory.
 */
export function createConsentLedger(options: ConsentLedgerOptions): ConsentLedger {
  const setNow = (): Date | null => options.now?.() ?? null;
  const checks = coalesce(options, CHECK_LANES, (lane, callers: readonly Check[]) =>
    checkTruth(lane, callers, setNow()),
  );
  const claims = coalesce(options, 1, (lane, consents: readonly LedgerConsent[]) =>
    countUses(lane, consents, setNow()),
  );
  return {
    check: (questions, credentials) => checks({ questions, credentials }),
    claimUses: (consents) => Promise.all(consents.map((consent) => claims(consent))),
  };
}

/** Statements go out on their own lanes; where one is late its connection is destroyed, and nobody else's. */
function coalesce<Item, Result>(
  { postgres, timeoutMs, timers }: ConsentLedgerOptions,
  lanes: number,
  send: (lane: Lane, items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  const open = Array.from({ length: lanes }, () => createLane(postgres.pool));
  const laneAt = (index: number): Lane => open[index] ?? createLane(postgres.pool);
  const coalescer = createCoalescer<Item, Result>({
    run: (items, lane) => send(laneAt(lane), items),
    timeoutMs,
    itemsMax: CALLERS_MAX,
    lanes,
    onTimeout: (lane) => laneAt(lane).cut(),
    ...(timers === undefined ? {} : { timers }),
  });
  return async (item) => {
    try {
      return await coalescer.call(item);
    } catch (error) {
      throw new BureauError("CONSENT_UNKNOWN", "the ledger cannot be read", { cause: error });
    }
  };
}
