import type { Metric } from "../../host/metric-types.js";
import type { Dimension } from "../facts/month-sums.js";
import { TOP_MAX } from "../load/load-distributions.js";
import type { Spread } from "../load/rows.js";
import { currencyOf, type Frame, groupRows, sumOf } from "./frame.js";
import { metric, onSales } from "./ground.js";
import { rate } from "./rate.js";

/** How sales spread over one dimension; the platform is one beside the stored ones. */
export type SpreadOf = Omit<Spread, "dimension"> & { readonly dimension: Dimension | "PLATFORM" };

/** The spread over platforms, from the months' rows. */
export function platformSpread(frame: Frame): SpreadOf {
  const groups = [...groupRows(frame.rows, (row) => row.platform).values()].filter(
    (rows) => sumOf(rows, "paidOrders") > 0,
  );
  const total = sumOf(frame.rows, "paidMinor");
  const isComparable = total > 0 && currencyOf(frame) !== "MIXED";
  const shares = isComparable
    ? groups.map((rows) => sumOf(rows, "paidMinor") / total).sort((a, b) => b - a)
    : [];
  return {
    dimension: "PLATFORM",
    keys: groups.length,
    orders: sumOf(frame.rows, "paidOrders"),
    repeatKeys: groups.filter((rows) => sumOf(rows, "paidOrders") >= 2).length,
    hhi: isComparable ? shares.reduce((sum, share) => sum + share * share, 0) : null,
    top: shares.slice(0, TOP_MAX),
  };
}

/** H = sum of squared shares of the paid amount: 1 for a single key, 1/k for k equal ones. */
export function concentrationHhi(frame: Frame, spread: SpreadOf | undefined): Metric {
  return shareMetric(frame, spread, { formula: "concentrationHhi/1", value: spread?.hhi ?? null });
}

/** (H - 1/k) / (1 - 1/k) over k keys: 0 for equal shares, 1 for a single key. */
export function normalizedHhi(frame: Frame, spread: SpreadOf | undefined): Metric {
  const { hhi, keys } = spread ?? { hhi: null, keys: 0 };
  const value = hhi === null ? null : keys <= 1 ? 1 : (hhi - 1 / keys) / (1 - 1 / keys);
  return shareMetric(frame, spread, { formula: "concentrationHhiNormalized/1", value });
}

/** Share of the `n` largest keys; `n` is 1 to 10. */
export function topShare(frame: Frame, spread: SpreadOf | undefined, n: number): Metric {
  const value =
    spread === undefined || spread.top.length === 0
      ? null
      : spread.top.slice(0, n).reduce((a, b) => a + b, 0);
  return shareMetric(frame, spread, {
    formula: "topNShare/1",
    value: value === null ? null : Math.min(1, value),
  });
}

/** Buyers with two orders or more in the window / buyers. */
export function buyerRepeatRate(frame: Frame, spread: SpreadOf | undefined): Metric {
  return rate(
    frame,
    spread?.repeatKeys ?? 0,
    onSales("buyerRepeatRate/1", spread?.keys ?? 0, { roles: ["order"] }),
  );
}

function shareMetric(
  frame: Frame,
  spread: SpreadOf | undefined,
  found: { readonly formula: string; readonly value: number | null },
): Metric {
  return metric(frame, {
    ...onSales(found.formula, spread?.orders ?? 0, { isSampled: true, isAmount: true }),
    reason: spread === undefined || spread.keys === 0 ? "NO_SOURCE" : undefined,
    value: found.value,
    unit: "ratio",
  });
}
