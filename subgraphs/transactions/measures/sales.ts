import type { Metric, MoneyMetric } from "../../host/metric-types.js";
import type { Quantiles } from "../load/rows.js";
import { type Frame, netOf, sumOf } from "./frame.js";
import { metric, moneyMetric, onSales } from "./ground.js";
import { rate } from "./rate.js";

/** Sum of the totals of created orders, paid or not, by created day. */
export function gmvGross(frame: Frame): MoneyMetric {
  const n = sumOf(frame.rows, "createdOrders");
  return moneyMetric(frame, {
    ...onSales("gmvGross/1", n),
    roles: ["order"],
    minor: sumOf(frame.rows, "createdMinor"),
  });
}

/** Sum of the paid amounts. */
export function gmvPaid(frame: Frame): MoneyMetric {
  return moneyMetric(frame, {
    ...onSales("gmvPaid/1", paidOrders(frame)),
    minor: sumOf(frame.rows, "paidMinor"),
  });
}

/** The part of gmvPaid whose payment a second, independent platform saw: level 2 and above. */
export function verifiedRevenue(frame: Frame): MoneyMetric {
  const minor = sumOf(frame.rows, "paidSecondMinor");
  return moneyMetric(frame, { ...onSales("verifiedRevenue/1", paidOrders(frame)), minor });
}

/** Refunds paid out on the window's orders, whenever they were paid out. */
export function returnsAmount(frame: Frame): MoneyMetric {
  const n = sumOf(frame.rows, "refundedOrders");
  return moneyMetric(frame, {
    ...onSales("returnsAmount/1", n),
    roles: ["refund"],
    minor: sumOf(frame.rows, "refundedMinor"),
  });
}

/** gmvPaid - returnsAmount - what orders cancelled after payment left unrefunded. */
export function netSales(frame: Frame): MoneyMetric {
  const roles = ["order", "payment", "refund"] as const;
  return moneyMetric(frame, { ...onSales("netSales/1", paidOrders(frame)), roles, minor: netOf(frame.rows) });
}

/** Orders paid. */
export function orderCount(frame: Frame): Metric {
  const n = paidOrders(frame);
  return metric(frame, { ...onSales("orderCount/1", n), value: n, unit: "order" });
}

/** Orders created. */
export function createdOrderCount(frame: Frame): Metric {
  const n = sumOf(frame.rows, "createdOrders");
  return metric(frame, { ...onSales("createdOrderCount/1", n), roles: ["order"], value: n, unit: "order" });
}

/** gmvPaid / orderCount. */
export function averageOrderValue(frame: Frame): MoneyMetric {
  const n = paidOrders(frame);
  const minor = n === 0 ? null : sumOf(frame.rows, "paidMinor") / n;
  return moneyMetric(frame, { ...onSales("averageOrderValue/1", n, { isSampled: true }), minor });
}

/** Median paid amount, within 0.5 %. */
export function medianOrderValue(frame: Frame, quantiles: readonly Quantiles[]): MoneyMetric {
  const found = quantiles.find(({ measure }) => measure === "ORDER_VALUE");
  const minor = found?.p50 ?? null;
  return moneyMetric(frame, { ...onSales("medianOrderValue/1", found?.n ?? 0, { isSampled: true }), minor });
}

/** Orders paid and cancelled before they shipped / orders paid. */
export function cancelRatePreShip(frame: Frame): Metric {
  return rate(
    frame,
    sumOf(frame.rows, "preShipCancelledOrders"),
    onSales("cancelRatePreShip/1", paidOrders(frame)),
  );
}

function paidOrders(frame: Frame): number {
  return sumOf(frame.rows, "paidOrders");
}
