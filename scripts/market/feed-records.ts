import type {
  AccountRecord,
  OrderRecord,
  PaymentRecord,
  PlatformKind,
  RefundRecord,
  ReviewRecord,
  SettlementRecord,
  ShipmentRecord,
} from "../../schema/feeds/records.js";
import type { MarketMerchant } from "./merchants.js";
import type { OrderStory } from "./order-story.js";

const MARKETPLACE = "taoyuan-market";
const PAYMENT = "yinlian-pay";
const CARRIER = "shunda-express";
const CURRENCY = "CNY";

/** One order as the platforms know it at `untilMs`: what happens later is not yet published. */
export interface PublishedOrder {
  readonly merchant: MarketMerchant;
  readonly order: OrderStory;
  readonly untilMs: number;
}

/** The merchant's account on a platform, or `undefined` where it has none. */
export function accountRecord(
  merchant: MarketMerchant,
  platform: string,
  platformKind: PlatformKind,
): AccountRecord | undefined {
  const sellerId = merchant.sellers.get(platform);
  if (sellerId === undefined) return undefined;
  return {
    sellerId,
    merchantId: merchant.merchantId,
    legalName: merchant.legalName,
    role: "OWNER",
    openedAt: instant(merchant.openedMs),
    region: merchant.region,
    category: merchant.goods.category,
    platformKind,
    evidence: ["PLATFORM_ATTESTATION", "LICENCE"],
  };
}

export function orderRecord({ merchant, order, untilMs }: PublishedOrder): OrderRecord | undefined {
  const sellerId = merchant.sellers.get(MARKETPLACE);
  if (sellerId === undefined || order.createdMs > untilMs) return undefined;
  const { delivery } = order;
  return {
    orderId: order.orderId,
    sellerId,
    buyerId: order.buyerId,
    currency: CURRENCY,
    totalMinor: order.totalMinor,
    createdAt: instant(order.createdMs),
    ...upTo(untilMs, "paidAt", order.paidMs),
    // A promise that is not due yet is left out with everything else that lies ahead.
    ...upTo(untilMs, "promisedShipAt", delivery?.promisedShipMs),
    ...upTo(untilMs, "promisedDeliveryAt", delivery?.promisedDeliveryMs),
    ...upTo(untilMs, "cancelledAt", order.cancelledMs),
    ...upTo(untilMs, "confirmedAt", delivery?.confirmedMs),
    region: order.region,
    channel: order.channel,
    lines: order.lines.map((line) => ({ ...line, category: merchant.goods.category })),
  };
}

export function paymentRecord({ merchant, order, untilMs }: PublishedOrder): PaymentRecord | undefined {
  const sellerId = merchant.sellers.get(PAYMENT);
  if (sellerId === undefined || order.paidMs === undefined || order.paidMs > untilMs) return undefined;
  return {
    paymentId: `pay-${order.orderId}`,
    orderId: order.orderId,
    sellerId,
    orderPlatform: MARKETPLACE,
    method: "wallet",
    currency: CURRENCY,
    amountMinor: order.totalMinor,
    paidAt: instant(order.paidMs),
  };
}

export function refundRecord({ merchant, order, untilMs }: PublishedOrder): RefundRecord | undefined {
  const sellerId = merchant.sellers.get(MARKETPLACE);
  const { refund } = order;
  if (sellerId === undefined || refund === undefined || refund.requestedMs > untilMs) return undefined;
  return {
    refundId: `r-${order.orderId}`,
    orderId: order.orderId,
    sellerId,
    type: refund.type,
    reason: refund.reason,
    currency: CURRENCY,
    amountMinor: refund.amountMinor,
    requestedAt: instant(refund.requestedMs),
    ...upTo(untilMs, "refundedAt", refund.refundedMs),
  };
}

export function shipmentRecord({ merchant, order, untilMs }: PublishedOrder): ShipmentRecord | undefined {
  const sellerId = merchant.sellers.get(CARRIER);
  const { delivery } = order;
  if (sellerId === undefined || delivery === undefined || delivery.shippedMs > untilMs) return undefined;
  return {
    shipmentId: `s-${order.orderId}`,
    orderId: order.orderId,
    sellerId,
    orderPlatform: MARKETPLACE,
    carrier: "Shunda Express",
    ...(delivery.isTracked
      ? { trackingNumber: `SD${order.orderId.replace(/\D/g, "").padStart(12, "0")}` }
      : {}),
    shippedAt: instant(delivery.shippedMs),
    ...upTo(untilMs, "deliveredAt", delivery.deliveredMs),
    ...upTo(untilMs, "promisedShipAt", delivery.promisedShipMs),
    ...upTo(untilMs, "promisedDeliveryAt", delivery.promisedDeliveryMs),
  };
}

export function settlementRecord({ merchant, order, untilMs }: PublishedOrder): SettlementRecord | undefined {
  const sellerId = merchant.sellers.get(PAYMENT);
  const { settlement } = order;
  if (sellerId === undefined || settlement === undefined || settlement.settledMs > untilMs) return undefined;
  return {
    settlementId: `st-${order.orderId}`,
    orderId: order.orderId,
    sellerId,
    orderPlatform: MARKETPLACE,
    currency: CURRENCY,
    grossMinor: settlement.grossMinor,
    feeMinor: settlement.feeMinor,
    chargebackMinor: settlement.chargebackMinor,
    settledAt: instant(settlement.settledMs),
  };
}

/** The order's review, on the review site where the merchant has an account there, else on the marketplace. */
export function reviewRecord(
  { merchant, order, untilMs }: PublishedOrder,
  platform: string,
): ReviewRecord | undefined {
  const { review } = order;
  if (review === undefined || review.createdMs > untilMs) return undefined;
  const isElsewhere = review.isOnReviewSite && merchant.sellers.has("pinglun-reviews");
  if (platform !== (isElsewhere ? "pinglun-reviews" : MARKETPLACE)) return undefined;
  const sellerId = merchant.sellers.get(platform);
  if (sellerId === undefined) return undefined;
  return {
    reviewId: `rv-${order.orderId}`,
    sellerId,
    orderId: order.orderId,
    ...(order.lines[0] === undefined ? {} : { productId: order.lines[0].productId }),
    buyerId: order.buyerId,
    rating: review.rating,
    ...(review.text === undefined ? {} : { text: review.text }),
    createdAt: instant(review.createdMs),
    ...upTo(untilMs, "repliedAt", review.repliedMs),
    ...upTo(untilMs, "deletedAt", review.deletedMs),
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function upTo<K extends string>(
  untilMs: number,
  name: K,
  ms: number | undefined,
): { readonly [name in K]?: string } {
  return ms === undefined || ms > untilMs
    ? {}
    : ({ [name]: instant(ms) } as { readonly [name in K]: string });
}
