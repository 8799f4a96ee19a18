import type { Metric, MoneyMetric } from "../../host/metric-types.js";
import { monthAt } from "../../host/window.js";
import { dayAt, daysBetween } from "../load/days.js";
import { RECENT_DAYS } from "../load/load-months.js";
import type { ReceivableRow } from "../load/rows.js";
import { type Frame, sumOf } from "./frame.js";
import { type Finding, metric, moneyMetric } from "./ground.js";

const SECONDS_PER_DAY = 86_400;

/** Payouts before fees and chargebacks, by settled day. */
export function settledRevenue(frame: Frame): MoneyMetric {
  return moneyMetric(frame, {
    ...onPayouts("settledRevenue/1", frame),
    minor: sumOf(frame.rows, "settledGrossMinor"),
  });
}

/** Payouts - fees - chargebacks. */
export function netSettled(frame: Frame): MoneyMetric {
  const { rows } = frame;
  const minor =
    sumOf(rows, "settledGrossMinor") - sumOf(rows, "settledFeeMinor") - sumOf(rows, "settledChargebackMinor");
  return moneyMetric(frame, { ...onPayouts("netSettled/1", frame), minor });
}

/** Fees that the platforms kept. */
export function fees(frame: Frame): MoneyMetric {
  return moneyMetric(frame, { ...onPayouts("fees/1", frame), minor: sumOf(frame.rows, "settledFeeMinor") });
}

/** Amounts charged back. */
export function chargebacks(frame: Frame): MoneyMetric {
  return moneyMetric(frame, {
    ...onPayouts("chargebacks/1", frame),
    minor: sumOf(frame.rows, "settledChargebackMinor"),
  });
}

/** sum(a (settled - paid)) / sum(a) in days; a is the payout times the part of the order that was not refunded. */
export function cashConversionDays(frame: Frame): Metric {
  const weight = sumOf(frame.rows, "settledWeight");
  const value = weight === 0 ? null : sumOf(frame.rows, "settledWeightSeconds") / weight / SECONDS_PER_DAY;
  return metric(frame, {
    ...onPayouts("cashConversionDays/1", frame),
    isSampled: true,
    isAmount: true,
    value,
    unit: "day",
  });
}

/** Receivables / (net sales of the last 90 days / 90); of fewer days where the window opens fewer. */
export function platformDso(frame: Frame, receivables: readonly ReceivableRow[]): Metric {
  const open = receivables.reduce((sum, row) => sum + row.amountMinor, 0);
  const net = sumOf(frame.rows, "recentNetMinor");
  const days = recentDays(frame);
  return metric(frame, {
    formula: "platformDso/1",
    basis: "STATE",
    n: sumOf(frame.rows, "recentOrders"),
    roles: ["order", "payment", "refund", "settlement"],
    isSampled: true,
    isAmount: true,
    value: net > 0 && days > 0 ? open / (net / days) : null,
    unit: "day",
  });
}

/** How many of the last 90 days, today included, the window holds; 0 for a window that has ended before this month. */
function recentDays({ window, asOf }: Frame): number {
  if (window.until <= monthAt(asOf)) return 0;
  return Math.min(RECENT_DAYS, daysBetween(`${window.from}-01`, dayAt(asOf)) + 1);
}

function onPayouts(formula: string, frame: Frame): Finding {
  return { formula, basis: "CASH", n: sumOf(frame.rows, "settlements"), roles: ["settlement"] };
}
