import { type Metric, type MetricBasis, type NullReason, SAMPLE_MIN } from "../host/metric-types.js";
import { monthsIn } from "../host/window.js";
import type { MonthRange } from "../../schema/claims.js";

/** What all numbers of one answer share. */
export interface Ground {
  readonly window: MonthRange;
  readonly asOf: Date;
  /** Months of the window with data. */
  readonly months: ReadonlySet<string>;
  readonly platforms: ReadonlySet<string>;
}

/** One number, before the ground it stands on. */
export interface Finding {
  readonly formula: string;
  readonly unit: string;
  readonly basis: MetricBasis;
  readonly value: number | null;
  readonly n: number;
  /** Given for rates, medians and scores: `null` below 30 observations. Sums, counts and states leave it out. */
  readonly isSampled?: boolean;
  readonly confidence?: { readonly low: number; readonly high: number } | undefined;
  readonly reason?: NullReason;
}

/**
 * A number and what it rests on. One platform's word is level 1 however many platforms speak: they speak of different reviews
 * and followers, so none confirms another. Nothing here is under objection yet.
 */
export function metricOf(ground: Ground, finding: Finding): Metric {
  const reason = reasonOf(ground, finding);
  const value = reason === null ? finding.value : null;
  const all = monthsIn(ground.window);
  return {
    value,
    unit: finding.unit,
    basis: finding.basis,
    window: { from: ground.window.from, until: ground.window.until },
    asOf: ground.asOf,
    n: finding.n,
    coverage: all.length === 0 ? 0 : all.filter((month) => ground.months.has(month)).length / all.length,
    confidence:
      value === null || finding.confidence === undefined
        ? null
        : { low: finding.confidence.low, high: finding.confidence.high },
    verification: ground.platforms.size === 0 ? 0 : 1,
    sources: [...ground.platforms].sort(),
    disputedShare: 0,
    valueExcludingDisputed: value,
    reason,
    formula: finding.formula,
  };
}

/** Without any source nothing is said, not even zero: silence of platforms is not a count. */
function reasonOf(ground: Ground, { value, n, isSampled, reason }: Finding): NullReason | null {
  if (ground.platforms.size === 0) return "NO_SOURCE";
  if (isSampled === true && n < SAMPLE_MIN) return "SAMPLE_TOO_SMALL";
  if (reason !== undefined) return reason;
  return value === null ? "SAMPLE_TOO_SMALL" : null;
}
