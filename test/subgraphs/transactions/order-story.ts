import { merchantBehind } from "./sellers.js";

/** A record as a platform published it. */
export interface Published {
  readonly platform: string;
  readonly kind: string;
  // Records are read field by field, as they were published.
  readonly record: any; // oxlint-disable-line no-explicit-any
}

export const STATES = ["AWAITING_SHIP", "SHIPPED", "DELIVERED", "CONFIRMED"] as const;

/** What the records of one order say together; instants are milliseconds. */
export interface Story {
  readonly platform: string;
  readonly order: Published["record"];
  readonly payments: readonly Published[];
  readonly shipments: readonly Published[];
  readonly refunds: readonly Published[];
  readonly allRefunds: readonly Published[];
  readonly settlements: readonly Published[];
  readonly allSettlements: readonly Published[];
  readonly allPayments: readonly Published[];
  readonly paidAt: number | undefined;
  readonly paid: number;
  readonly refunded: number;
  readonly shippedAt: number | undefined;
  readonly deliveredAt: number | undefined;
  readonly confirmedAt: number | undefined;
  readonly cancelledAt: number | undefined;
}

/** Reads the story of an order from the newest state of all records. */
export function storyOf({ platform, record: order }: Published, newest: readonly Published[]): Story {
  const parts = (kind: string) =>
    newest.filter(
      (p) =>
        p.kind === kind &&
        merchantBehind(p.record.sellerId) === merchantBehind(order.sellerId) &&
        p.record.orderId === order.orderId &&
        (p.record.orderPlatform ?? p.platform) === platform &&
        (kind === "shipment" || p.record.currency === order.currency),
    );
  const allPayments = parts("payment");
  const payments = outsidersFirst(allPayments, platform);
  const allRefunds = parts("refund").filter((r) => r.record.refundedAt !== undefined);
  const refunds = bestPublisher(allRefunds, platform);
  const shipments = parts("shipment");
  const allSettlements = parts("settlement");
  const ownPaid = order.paidAt === undefined ? 0 : (order.paidMinor ?? order.totalMinor);
  return {
    platform,
    order,
    payments,
    shipments,
    refunds,
    allRefunds,
    allPayments,
    allSettlements,
    settlements: outsidersFirst(allSettlements, platform),
    paidAt: least(payments.map((p) => Date.parse(p.record.paidAt))) ?? instant(order.paidAt),
    paid: payments.length > 0 ? sum(payments.map((p) => p.record.amountMinor)) : ownPaid,
    refunded: sum(refunds.map((r) => r.record.amountMinor)),
    shippedAt: least(shipments.map((s) => Date.parse(s.record.shippedAt))),
    deliveredAt: deliveryOf(shipments),
    confirmedAt: instant(order.confirmedAt),
    cancelledAt: instant(order.cancelledAt),
  };
}

/** The state that an order had reached at an instant. */
export function stateAt(story: Story, ms: number): (typeof STATES)[number] {
  const reached = (at: number | undefined) => at !== undefined && at <= ms;
  if (reached(story.confirmedAt)) return "CONFIRMED";
  if (reached(story.deliveredAt)) return "DELIVERED";
  return reached(story.shippedAt) ? "SHIPPED" : "AWAITING_SHIP";
}

export function instant(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

export function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}

function outsidersFirst(all: readonly Published[], home: string): readonly Published[] {
  const outside = all.filter((p) => p.platform !== home);
  return outside.length > 0 ? outside : all;
}

/** By the earliest publisher whose parcels have all arrived. */
function deliveryOf(shipments: readonly Published[]): number | undefined {
  const publishers = [...new Set(shipments.map((s) => s.platform))];
  const arrivals = publishers.map((name) =>
    shipments.filter((s) => s.platform === name).map((s) => instant(s.record.deliveredAt)),
  );
  return least(
    arrivals.filter((all) => !all.includes(undefined)).map((all) => Math.max(...(all as number[]))),
  );
}

/** The refunds of the publisher with the greatest sum; the marketplace, then the first by name, where sums are equal. */
function bestPublisher(refunds: readonly Published[], home: string): readonly Published[] {
  const totals = [...new Set(refunds.map((r) => r.platform))].map((name) => ({
    name,
    total: sum(refunds.filter((r) => r.platform === name).map((r) => r.record.amountMinor)),
  }));
  totals.sort(
    (a, b) =>
      b.total - a.total || Number(b.name === home) - Number(a.name === home) || (a.name < b.name ? -1 : 1),
  );
  return refunds.filter((r) => r.platform === totals[0]?.name);
}
