import type { MaturedRow, MonthRow } from "../../../subgraphs/transactions/load/rows.js";
import type { Frame } from "../../../subgraphs/transactions/measures/frame.js";

/** A month of nothing, to be filled by a test. */
export function row(month: string, sums: Partial<MonthRow> = {}): MonthRow {
  return {
    month,
    platform: "taoyuan-market",
    currency: "CNY",
    createdOrders: 0,
    createdMinor: 0,
    paidOrders: 0,
    paidMinor: 0,
    paidSecondMinor: 0,
    paidThirdMinor: 0,
    preShipCancelledOrders: 0,
    cancelledMinor: 0,
    refundedOrders: 0,
    refundedMinor: 0,
    shipPromisedOrders: 0,
    shipOnTimeOrders: 0,
    deliveryPromisedOrders: 0,
    deliveryOnTimeOrders: 0,
    shippedOrders: 0,
    trackedOrders: 0,
    settlements: 0,
    settledGrossMinor: 0,
    settledFeeMinor: 0,
    settledChargebackMinor: 0,
    settledWeight: 0,
    settledWeightSeconds: 0,
    recentNetMinor: 0,
    recentOrders: 0,
    firstSettledDay: null,
    ...sums,
  };
}

/** Months of the given net sales, 50 orders each, the first in `from`. */
export function nets(from: string, amounts: readonly number[]): MonthRow[] {
  const first = Number(from.slice(0, 4)) * 12 + Number(from.slice(5, 7)) - 1;
  return amounts.map((paidMinor, i) => {
    const month = `${Math.floor((first + i) / 12)}-${String(((first + i) % 12) + 1).padStart(2, "0")}`;
    return row(month, { paidOrders: 50, paidMinor });
  });
}

/** Asked on 2026-11-23 in Shanghai. */
export function frame(rows: readonly MonthRow[], more: Partial<Frame> = {}): Frame {
  return {
    window: { from: "2025-12", until: "2026-12" },
    asOf: new Date("2026-11-23T04:00:00Z"),
    currency: null,
    rows,
    sources: [{ role: "order", source: "taoyuan-market" }],
    ...more,
  };
}

/** Matured orders of one outcome. */
export function matured(more: Partial<MaturedRow>): MaturedRow {
  return {
    platform: "taoyuan-market",
    currency: "CNY",
    outcome: "DELIVERED",
    orders: 0,
    amountMinor: 0,
    refundedOrders: 0,
    refundedMinor: 0,
    lostMinor: { AWAITING_SHIP: 0, SHIPPED: 0, DELIVERED: 0, CONFIRMED: 0 },
    ...more,
  };
}
