/** Where a single order stands. */
export const ORDER_RECORD_STATES = [
  "AWAITING_PAYMENT",
  "AWAITING_SHIP",
  "SHIPPED",
  "DELIVERED",
  "CONFIRMED",
  "CANCELLED",
] as const;
export type OrderRecordState = (typeof ORDER_RECORD_STATES)[number];

/** What every row of a list has: who published it, its key there, and its exact instant. */
export interface RecordRow {
  readonly platform: string;
  readonly key: string;
  /** RFC 3339 with microseconds. */
  readonly at: string;
}

/** One order as all its records tell it; amounts are minor units of `currency`. */
export interface OrderRow extends RecordRow {
  readonly currency: string;
  readonly state: OrderRecordState;
  readonly createdAt: Date;
  readonly paidAt: Date | null;
  readonly shippedAt: Date | null;
  readonly deliveredAt: Date | null;
  readonly confirmedAt: Date | null;
  readonly settledAt: Date | null;
  readonly cancelledAt: Date | null;
  readonly totalMinor: number;
  readonly paidMinor: number;
  readonly refundedMinor: number;
  readonly region: string | null;
  /** 1 to 3: how many independent platforms saw it. */
  readonly level: number;
}

interface PartRow extends RecordRow {
  readonly orderPlatform: string;
  readonly orderId: string;
  /** When it was settled or shipped. */
  readonly happenedAt: Date;
}

/** One payout; amounts are minor units of `currency`. */
export interface PayoutRow extends PartRow {
  readonly currency: string;
  readonly grossMinor: number;
  readonly feeMinor: number;
  readonly chargebackMinor: number;
}

/** One parcel. */
export interface ShipmentRow extends PartRow {
  readonly deliveredAt: Date | null;
  readonly promisedShipAt: Date | null;
  readonly promisedDeliveryAt: Date | null;
  readonly hasTracking: boolean;
}
