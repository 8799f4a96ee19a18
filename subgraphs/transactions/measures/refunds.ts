import type { Metric } from "../../host/metric-types.js";
import type { MaturedRow } from "../load/rows.js";
import type { Frame } from "./frame.js";
import { metric, onSales } from "./ground.js";
import { rate } from "./rate.js";

const ROLES = ["order", "payment", "refund", "shipment"] as const;

/** Refunds of matured orders / their paid amount. Matured: delivered (or confirmed) 30 days before asOf or earlier. */
export function refundRateAmount(frame: Frame, matured: readonly MaturedRow[]): Metric {
  const { orders, amountMinor, refundedMinor } = delivered(matured);
  return metric(frame, {
    ...onSales("refundRateAmount/1", orders, {
      roles: ROLES,
      isSampled: true,
      isAmount: true,
      reason: immature(orders),
    }),
    value: amountMinor === 0 ? null : refundedMinor / amountMinor,
    unit: "ratio",
  });
}

/** Matured orders with a refund / matured orders. */
export function refundRateCount(frame: Frame, matured: readonly MaturedRow[]): Metric {
  const { orders, refundedOrders } = delivered(matured);
  return rate(
    frame,
    refundedOrders,
    onSales("refundRateCount/1", orders, { roles: ROLES, reason: immature(orders) }),
  );
}

function immature(orders: number) {
  return orders === 0 ? ("NOT_MATURED" as const) : undefined;
}

function delivered(matured: readonly MaturedRow[]) {
  const rows = matured.filter(({ outcome }) => outcome === "DELIVERED");
  const sum = (name: "orders" | "amountMinor" | "refundedOrders" | "refundedMinor") =>
    rows.reduce((total, row) => total + row[name], 0);
  return {
    orders: sum("orders"),
    amountMinor: sum("amountMinor"),
    refundedOrders: sum("refundedOrders"),
    refundedMinor: sum("refundedMinor"),
  };
}
