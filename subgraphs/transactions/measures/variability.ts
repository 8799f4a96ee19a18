import type { Metric } from "../../host/metric-types.js";
import { monthOf, monthAt, monthIndex, monthsIn } from "../../host/window.js";
import { dayAt, daysBetween } from "../load/days.js";
import type { SaleDays } from "../load/rows.js";
import { completeMonths, type Frame, sumOf } from "./frame.js";
import { type Finding, metric, onSales } from "./ground.js";

/** Fewest complete months of a standard deviation. */
const CV_MONTHS_MIN = 3;

/** Sample standard deviation / mean of monthly net sales, complete months. */
export function volatilityCv(frame: Frame): Metric {
  const nets = completeMonths(frame).map(({ netMinor }) => netMinor);
  const mean = nets.reduce((sum, net) => sum + net, 0) / Math.max(1, nets.length);
  const variance = nets.reduce((sum, net) => sum + (net - mean) ** 2, 0) / Math.max(1, nets.length - 1);
  const value = nets.length >= CV_MONTHS_MIN && mean > 0 ? Math.sqrt(variance) / mean : null;
  return metric(frame, { ...onMonths("volatilityCv/1", frame), value, unit: "ratio" });
}

/** The worst fall of monthly net sales from a peak to a later month, as a share of the peak, complete months. */
export function maxDrawdown(frame: Frame): Metric {
  let peak = 0;
  let worst = 0;
  const months = completeMonths(frame);
  for (const { netMinor } of months) {
    peak = Math.max(peak, netMinor);
    if (peak > 0) worst = Math.max(worst, (peak - netMinor) / peak);
  }
  return metric(frame, {
    ...onMonths("maxDrawdown/1", frame),
    value: months.length >= 2 && peak > 0 ? worst : null,
    unit: "ratio",
  });
}

/** Days without a paid order, from the window's first day with one to the day before asOf or the window's end. */
export function zeroSaleDays(frame: Frame, sale: SaleDays): Metric {
  const end = `${frame.window.until}-01`;
  const today = dayAt(frame.asOf);
  const span = sale.firstDay === null ? null : daysBetween(sale.firstDay, end < today ? end : today);
  return metric(frame, {
    ...onSales("zeroSaleDays/1", span ?? 0),
    value: span === null ? null : Math.max(0, span - sale.days),
    unit: "day",
  });
}

/** Complete months with a paid order / complete months of the window. */
export function activeMonthRatio(frame: Frame): Metric {
  const complete = monthsIn(frame.window).filter((month) => month < monthAt(frame.asOf));
  const active = completeMonths(frame).filter(({ orders }) => orders > 0);
  return metric(frame, {
    ...onSales("activeMonthRatio/1", complete.length),
    value: complete.length === 0 ? null : active.length / complete.length,
    unit: "ratio",
  });
}

/** Days from the first settled order that may be seen to asOf. */
export function tenureDays(history: Frame): Metric {
  const days = history.rows.map(({ firstSettledDay }) => firstSettledDay).filter((day) => day !== null);
  const first = days.sort()[0];
  return metric(history, {
    formula: "tenureDays/1",
    basis: "CASH",
    n: sumOf(history.rows, "settlements"),
    roles: ["settlement"],
    reason: first === undefined ? "NO_SOURCE" : undefined,
    value: first === undefined ? null : Math.max(0, daysBetween(first, dayAt(history.asOf))),
    unit: "day",
  });
}

/** Months with any record, of those that may be seen. */
export function monthsObserved(history: Frame): Metric {
  const n = new Set(history.rows.map(({ month }) => month)).size;
  return metric(history, {
    ...onSales("monthsObserved/1", n),
    roles: ["order", "payment", "settlement"],
    value: n,
    unit: "month",
  });
}

/** The most months that history reaches back, the current one included. */
export const HISTORY_MONTHS_MAX = 60;

/** All months up to the one of `asOf` that history may hold, before a permit narrows them. */
export function historyRange(asOf: Date): { from: string; until: string } {
  const next = monthIndex(monthAt(asOf)) + 1;
  return { from: monthOf(next - HISTORY_MONTHS_MAX), until: monthOf(next) };
}

function onMonths(formula: string, frame: Frame): Finding {
  const n = completeMonths(frame).reduce((sum, { orders }) => sum + orders, 0);
  return onSales(formula, n, { roles: ["order", "payment", "refund"], isSampled: true, isAmount: true });
}
