import type { Metric } from "../../host/metric-types.js";
import { completeMonths, type Frame, type MonthNet } from "./frame.js";
import { metric, onSales } from "./ground.js";

/** Fewest complete months that a season is read from. */
export const SEASON_MONTHS_MIN = 24;

/**
 * mean(m) / mean over the latest whole years of complete months, January first: 1 is an average month.
 * `undefined` with fewer than 24 months, or where sales add up to nothing.
 */
export function seasonalIndices(months: readonly MonthNet[]): readonly number[] | undefined {
  const years = Math.floor(months.length / 12);
  if (months.length < SEASON_MONTHS_MIN) return undefined;
  const used = months.slice(-12 * years);
  const total = used.reduce((sum, { netMinor }) => sum + netMinor, 0);
  if (total <= 0) return undefined;
  const indices = Array.from({ length: 12 }, () => 0);
  for (const { month, netMinor } of used) {
    const calendar = Number(month.slice(5, 7)) - 1;
    indices[calendar] = (indices[calendar] ?? 0) + (netMinor * 12) / total;
  }
  return indices;
}

/** Twelve metrics, January first. */
export function seasonalityIndex(history: Frame): Metric[] {
  const months = completeMonths(history);
  const indices = seasonalIndices(months);
  const n = months.reduce((sum, { orders }) => sum + orders, 0);
  return Array.from({ length: 12 }, (_, i) =>
    metric(history, {
      ...onSales("seasonalityIndex/1", n, {
        roles: ["order", "payment", "refund"],
        isSampled: true,
        isAmount: true,
      }),
      value: indices?.[i] ?? null,
      unit: "ratio",
    }),
  );
}
