import type { Metric } from "../../host/metric-types.js";
import { monthIndex } from "../../host/window.js";
import { completeMonths, type Frame, type MonthNet } from "./frame.js";
import { metric, onSales } from "./ground.js";
import { SEASON_MONTHS_MIN, seasonalIndices } from "./seasonality.js";

/**
 * Net sales of the window's last complete month / the month before - 1. With 24 complete months in `history` each month is
 * first divided by its seasonal index; the formula says `deseasonalised` or `raw`.
 */
export function growthMoM(frame: Frame, history: Frame): Metric {
  const months = completeMonths(frame);
  const indices = seasonalIndices(completeMonths(history));
  const [before, last] = months.slice(-2);
  return growth(frame, {
    formula: `growthMoM/1 ${indices === undefined ? "raw" : "deseasonalised"}`,
    now: last === undefined || before === undefined ? [] : [seasonless(last, indices)],
    earlier: last === undefined || before === undefined ? [] : [seasonless(before, indices)],
  });
}

/**
 * Year on year. With 24 complete months in `history`: the last twelve together / the twelve before - 1, in which seasons cancel
 * (`deseasonalised`). With 13 to 23: the last month / the same month a year before - 1 (`raw`).
 */
export function growthYoY(history: Frame): Metric {
  const months = completeMonths(history);
  if (months.length >= SEASON_MONTHS_MIN) {
    return growth(history, {
      formula: "growthYoY/1 deseasonalised",
      now: months.slice(-12),
      earlier: months.slice(-24, -12),
    });
  }
  const last = months.at(-1);
  const earlier = months.filter(
    ({ month }) => last !== undefined && monthIndex(month) === monthIndex(last.month) - 12,
  );
  return growth(history, { formula: "growthYoY/1 raw", now: last === undefined ? [] : [last], earlier });
}

interface Comparison {
  readonly formula: string;
  readonly now: readonly MonthNet[];
  readonly earlier: readonly MonthNet[];
}

function growth(frame: Frame, { formula, now, earlier }: Comparison): Metric {
  const base = sumNet(earlier);
  const n = [...now, ...earlier].reduce((sum, { orders }) => sum + orders, 0);
  const hasBoth = now.length > 0 && earlier.length > 0 && base > 0;
  return metric(frame, {
    ...onSales(formula, n, { roles: ["order", "payment", "refund"], isSampled: true, isAmount: true }),
    reason: hasBoth ? undefined : "INSUFFICIENT_HISTORY",
    value: hasBoth ? sumNet(now) / base - 1 : null,
    unit: "ratio",
  });
}

function seasonless(month: MonthNet, indices: readonly number[] | undefined): MonthNet {
  const index = indices?.[Number(month.month.slice(5, 7)) - 1] ?? 1;
  return index > 0 ? { ...month, netMinor: month.netMinor / index } : month;
}

function sumNet(months: readonly MonthNet[]): number {
  return months.reduce((sum, { netMinor }) => sum + netMinor, 0);
}
