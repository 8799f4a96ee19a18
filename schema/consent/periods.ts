import type { FrequencyPeriod } from "../purposes.js";

/** The first day of each kind of period, `YYYY-MM-DD`. */
export type PeriodStarts = Readonly<Record<FrequencyPeriod, string>>;

/** The consent's whole life is counted as one period. */
const TOTAL = "1970-01-01";
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;
/** From a Monday, the first of them after 1970 began. */
const MONDAY_MS = 4 * DAY_MS;

/**
 * The periods that hold an instant, in Asia/Shanghai (no daylight saving since 1991), weeks from Monday: as
 * `consents.period_start` has them in the database.
 */
export function periodStarts(now: Date): PeriodStarts {
  const localMs = now.getTime() + SHANGHAI_OFFSET_MS;
  const midnightMs = localMs - modulo(localMs, DAY_MS);
  const DAY = dayText(midnightMs);
  return {
    DAY,
    WEEK: dayText(midnightMs - modulo(midnightMs - MONDAY_MS, 7 * DAY_MS)),
    MONTH: `${DAY.slice(0, 8)}01`,
    TOTAL,
  };
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

function dayText(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
