import {
  type DurationMetric,
  type Interval,
  type Metric,
  type MetricBasis,
  type MoneyMetric,
  type NullReason,
  SAMPLE_MIN,
} from "../../host/metric-types.js";
import { monthsIn } from "../../host/window.js";
import type { SourceRow } from "../load/rows.js";
import { currencyOf, type Frame, sumOf } from "./frame.js";

/** What a verb found, before it is clothed as a metric. */
export interface Finding {
  /** Name and version. */
  readonly formula: string;
  readonly basis: MetricBasis;
  /** Observations under the value. */
  readonly n: number;
  /** Kinds of records that it rests on. */
  readonly roles: readonly SourceRow["role"][];
  /** True for rates, means, medians and percentiles, which say nothing of fewer than 30 observations. */
  readonly isSampled?: boolean;
  /** True where amounts were added or compared, so that currencies may not be mixed. */
  readonly isAmount?: boolean;
  readonly reason?: NullReason | undefined;
  readonly confidence?: Interval | undefined;
}

const SALES_ROLES: Finding["roles"] = ["order", "payment"];

/** Findings on sales: orders and payments, by the paid day. */
export function onSales(formula: string, n: number, more: Partial<Finding> = {}): Finding {
  return { formula, basis: "COHORT", n, roles: SALES_ROLES, ...more };
}

/** A number with its ground. */
export function metric(
  frame: Frame,
  finding: Finding & { readonly value: number | null; readonly unit: string },
): Metric {
  const reason = reasonOf(frame, finding, finding.value !== null);
  const value = reason === null ? finding.value : null;
  return { ...ground(frame, finding, reason), value, unit: finding.unit, valueExcludingDisputed: value };
}

/** An amount in minor units with its ground; rounded to whole minor units. */
export function moneyMetric(frame: Frame, finding: Finding & { readonly minor: number | null }): MoneyMetric {
  const reason = reasonOf(frame, { ...finding, isAmount: true }, finding.minor !== null);
  const currency = currencyOf(frame) ?? frame.currency;
  const amount =
    reason === null && finding.minor !== null && currency !== null
      ? { minor: Math.round(finding.minor), currency }
      : null;
  return { ...ground(frame, finding, reason), amount, amountExcludingDisputed: amount };
}

/** A duration in hours with its ground. Quantiles come in seconds. */
export function durationMetric(
  frame: Frame,
  finding: Finding & { readonly seconds: { readonly p50: number; readonly p90: number } | null },
): DurationMetric {
  const reason = reasonOf(frame, { ...finding, isSampled: true }, finding.seconds !== null);
  const seconds = reason === null ? finding.seconds : null;
  const hours = (value: number | undefined) => (value === undefined ? null : value / 3_600);
  return {
    ...ground(frame, finding, reason),
    p50: hours(seconds?.p50),
    p90: hours(seconds?.p90),
    unit: "hour",
  };
}

/** Silence of the platforms is no zero; and a value that could not be computed lacks history. */
function reasonOf(frame: Frame, finding: Finding, hasValue: boolean): NullReason | null {
  if (frame.rows.length === 0) return "NO_SOURCE";
  if (finding.isAmount === true && currencyOf(frame) === "MIXED") return "MIXED_CURRENCY";
  if (finding.reason !== undefined) return finding.reason;
  if (finding.isSampled === true && finding.n < SAMPLE_MIN) return "SAMPLE_TOO_SMALL";
  return hasValue ? null : "INSUFFICIENT_HISTORY";
}

function ground(frame: Frame, finding: Finding, reason: NullReason | null) {
  const months = monthsIn(frame.window);
  const seen = new Set(frame.rows.map((row) => row.month));
  const hasData = frame.rows.length > 0;
  return {
    basis: finding.basis,
    window: { from: frame.window.from, until: frame.window.until },
    asOf: frame.asOf,
    n: hasData ? finding.n : 0,
    coverage: months.length === 0 ? 0 : months.filter((month) => seen.has(month)).length / months.length,
    confidence: reason === null ? (finding.confidence ?? null) : null,
    verification: hasData ? verificationOf(frame) : 0,
    sources: hasData ? sourcesOf(frame, finding.roles) : [],
    // Objections are not held here.
    disputedShare: 0,
    reason,
    formula: finding.formula,
  };
}

/**
 * The level that most of the paid amount reaches: 3 where a third platform saw the shipment or the settlement, 2 where another
 * platform than the marketplace saw the payment, 1 where one platform is all there is.
 */
export function verificationOf({ rows }: Frame): number {
  const half = sumOf(rows, "paidMinor") / 2;
  if (sumOf(rows, "paidThirdMinor") > half) return 3;
  return sumOf(rows, "paidSecondMinor") > half ? 2 : 1;
}

function sourcesOf(frame: Frame, roles: Finding["roles"]): string[] {
  return [
    ...new Set(frame.sources.filter(({ role }) => roles.includes(role)).map(({ source }) => source)),
  ].sort();
}
