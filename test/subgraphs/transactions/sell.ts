import { sellerOf } from "./sellers.js";
import type { Stage } from "./stage.js";

/** The marketplace of the tests. */
export const HOME = "taoyuan-market";
const HOUR = 3_600_000;
const at = (start: string, hours: number) => new Date(Date.parse(start) + hours * HOUR).toISOString();

/** What a merchant sells. */
export interface Sale {
  readonly merchant: string;
  /** The merchant's second shop, where it is not the first. */
  readonly shop?: "-b";
  readonly prefix: string;
  readonly count: number;
  readonly start: string;
}

/** Orders of 100.00 an hour apart, paid through another platform, shipped after 10 h by a carrier, delivered after 34 h. */
export async function sell(stage: Stage, { merchant, shop, prefix, count, start }: Sale): Promise<void> {
  const of = { sellerId: sellerOf(merchant, shop) };
  const ids = Array.from({ length: count }, (_, i) => i);
  await stage.publish(
    HOME,
    "order",
    ids.map((i) => ({
      ...of,
      orderId: `${prefix}-${i}`,
      buyerId: `b${i % 40}`,
      currency: "CNY",
      totalMinor: 10_000,
      createdAt: at(start, i),
      region: i % 4 === 0 ? "A" : "B",
      promisedShipAt: at(start, i + (i % 10 === 0 ? 5 : 24)),
      lines: [{ productId: "p", quantity: 1, amountMinor: 10_000 }],
    })),
  );
  await stage.publish(
    "yinlian-pay",
    "payment",
    ids.map((i) => ({
      ...of,
      paymentId: `${prefix}-${i}`,
      orderId: `${prefix}-${i}`,
      orderPlatform: HOME,
      currency: "CNY",
      amountMinor: 10_000,
      paidAt: at(start, i),
    })),
  );
  await stage.publish(
    "shunda-express",
    "shipment",
    ids.map((i) => ({
      ...of,
      shipmentId: `${prefix}-${i}`,
      orderId: `${prefix}-${i}`,
      orderPlatform: HOME,
      trackingNumber: `t${i}`,
      shippedAt: at(start, i + 10),
      deliveredAt: at(start, i + 34),
    })),
  );
}
