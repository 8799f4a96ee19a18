import type { OrderState } from "../facts/order-states.js";
import type { Dimension, SketchMeasure } from "../facts/month-sums.js";

/** Sums of one merchant, month, platform and currency. Amounts are minor units. */
export interface MonthRow {
  /** `YYYY-MM`. */
  readonly month: string;
  readonly platform: string;
  readonly currency: string;
  readonly createdOrders: number;
  readonly createdMinor: number;
  readonly paidOrders: number;
  readonly paidMinor: number;
  /** Of `paidMinor`: of orders at level 2 or 3. */
  readonly paidSecondMinor: number;
  /** Of `paidMinor`: of orders at level 3. */
  readonly paidThirdMinor: number;
  readonly preShipCancelledOrders: number;
  readonly cancelledMinor: number;
  readonly refundedOrders: number;
  readonly refundedMinor: number;
  readonly shipPromisedOrders: number;
  readonly shipOnTimeOrders: number;
  readonly deliveryPromisedOrders: number;
  readonly deliveryOnTimeOrders: number;
  readonly shippedOrders: number;
  readonly trackedOrders: number;
  readonly settlements: number;
  readonly settledGrossMinor: number;
  readonly settledFeeMinor: number;
  readonly settledChargebackMinor: number;
  readonly settledWeight: number;
  readonly settledWeightSeconds: number;
  /** Net sales of the 90 days that end at asOf. */
  readonly recentNetMinor: number;
  readonly recentOrders: number;
  /** `YYYY-MM-DD`. */
  readonly firstSettledDay: string | null;
}

/** Days with at least one paid order, over all platforms; today is left out. */
export interface SaleDays {
  readonly days: number;
  /** `YYYY-MM-DD`; null without any. */
  readonly firstDay: string | null;
}

/** Quantiles of one measure: minor units or seconds, within 0.5 % of a value in the sample. */
export interface Quantiles {
  readonly measure: SketchMeasure;
  readonly n: number;
  readonly p50: number;
  readonly p90: number;
}

/** How sales spread over the keys of one dimension. Shares are 0 to 1 of the amount with a known key. */
export interface Spread {
  readonly dimension: Dimension;
  readonly keys: number;
  readonly orders: number;
  /** Keys with two orders or more. */
  readonly repeatKeys: number;
  readonly hhi: number | null;
  /** The largest shares, at most ten. */
  readonly top: readonly number[];
}

/** Orders of one platform and currency whose outcome is at least 30 days old. */
export interface MaturedRow {
  readonly platform: string;
  readonly currency: string;
  readonly outcome: "DELIVERED" | "CLOSED";
  readonly orders: number;
  readonly amountMinor: number;
  readonly refundedOrders: number;
  readonly refundedMinor: number;
  /** Refunded or cancelled, by the state in which it happened. */
  readonly lostMinor: Readonly<Record<OrderState, number>>;
}

/** Paid, unsettled orders in one state. */
export interface ReceivableRow {
  readonly platform: string;
  readonly currency: string;
  readonly state: OrderState;
  readonly orders: number;
  readonly amountMinor: number;
}

/** A platform that supplied records of a kind. */
export interface SourceRow {
  readonly role: "order" | "payment" | "refund" | "shipment" | "settlement";
  readonly source: string;
}

/** Chance that a receivable in a state is refunded, over all merchants of a platform. */
export type RefundPrior = Readonly<Record<OrderState, number>>;
