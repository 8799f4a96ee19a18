import { DAY_MS, dayOf, dayStart, HOUR_MS, MINUTE_MS, seasonOf } from "./calendar.js";
import { COMPLAINTS, PRAISE, type Region, REGIONS } from "./goods.js";
import type { MarketMerchant } from "./merchants.js";
import type { Random } from "./random.js";

/** Everything that will ever happen to one order; instants in milliseconds, also those still to come. */
export interface OrderStory {
  readonly orderId: string;
  readonly buyerId: string;
  readonly region: string;
  readonly channel: string;
  readonly lines: readonly StoryLine[];
  readonly totalMinor: number;
  readonly createdMs: number;
  readonly paidMs?: number;
  readonly cancelledMs?: number;
  /** Only of orders that are paid and not cancelled. */
  readonly delivery?: StoryDelivery;
  readonly refund?: StoryRefund;
  readonly settlement?: StorySettlement;
  readonly review?: StoryReview;
}

export interface StoryLine {
  readonly productId: string;
  readonly quantity: number;
  readonly amountMinor: number;
}

export interface StoryDelivery {
  readonly promisedShipMs: number;
  readonly promisedDeliveryMs: number;
  readonly shippedMs: number;
  readonly deliveredMs: number;
  readonly confirmedMs: number;
  readonly isTracked: boolean;
}

export interface StoryRefund {
  readonly type: "REFUND_ONLY" | "RETURN_AND_REFUND" | "EXCHANGE";
  readonly reason: "QUALITY" | "NOT_AS_DESCRIBED" | "NOT_RECEIVED" | "CHANGED_MIND" | "OTHER";
  readonly amountMinor: number;
  readonly requestedMs: number;
  readonly refundedMs: number;
}

export interface StorySettlement {
  readonly grossMinor: number;
  readonly feeMinor: number;
  readonly chargebackMinor: number;
  readonly settledMs: number;
}

export interface StoryReview {
  readonly isOnReviewSite: boolean;
  readonly rating: number;
  readonly text?: string;
  readonly createdMs: number;
  readonly repliedMs?: number;
  readonly deletedMs?: number;
}

/** Busy hours stand more often. */
const HOURS: readonly [number, ...number[]] = [
  0, 0, 1, 7, 8, 8, 9, 9, 10, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18, 18, 19, 19,
  19, 20, 20, 20, 20, 21, 21, 21, 21, 22, 22, 22, 23,
];
interface Channel {
  readonly name: string;
  readonly weight: number;
}
const CHANNELS: readonly [Channel, ...Channel[]] = [
  { name: "app", weight: 8 },
  { name: "live", weight: 2 },
  { name: "web", weight: 1 },
];
const UNPAID_RATE = 0.05;
const PAY_FEE_RATE = 0.026;

/** Who and when, as the merchant's history decides. */
export interface OrderSeat {
  readonly orderId: string;
  readonly buyerId: string;
  readonly day: number;
}

/** An order of an ordinary buyer, from the click to the review. */
export function tellOrder(random: Random, merchant: MarketMerchant, seat: OrderSeat): OrderStory {
  const createdMs = dayStart(seat.day) + random.pick(HOURS) * HOUR_MS + random.below(HOUR_MS);
  const region = random.weighted(REGIONS);
  const lines = drawLines(random, merchant);
  const totalMinor = lines.reduce((sum, line) => sum + line.amountMinor, 0);
  const placed = {
    orderId: seat.orderId,
    buyerId: seat.buyerId,
    region: region.name,
    channel: random.weighted(CHANNELS).name,
    lines,
    totalMinor,
    createdMs,
  };
  if (random.chance(UNPAID_RATE)) return { ...placed, cancelledMs: createdMs + DAY_MS };
  const paidMs = createdMs + 5_000 + random.below(12 * MINUTE_MS);
  if (random.chance(merchant.cancelRate)) {
    return { ...placed, paidMs, cancelledMs: paidMs + HOUR_MS + random.below(20 * HOUR_MS) };
  }
  const delivery = drawDelivery(random, { merchant, paidMs, region });
  const refund = random.chance(merchant.returnRate) ? drawRefund(random, delivery, totalMinor) : undefined;
  const confirmedMs = Math.max(delivery.confirmedMs, refund?.refundedMs ?? 0);
  const settlement = settle(random, { paidMinor: totalMinor, refund, confirmedMs });
  const review = random.chance(0.3)
    ? drawReview(random, merchant, { delivery, isUnhappy: refund !== undefined })
    : undefined;
  return {
    ...placed,
    paidMs,
    delivery: { ...delivery, confirmedMs },
    ...(refund === undefined ? {} : { refund }),
    ...(settlement === undefined ? {} : { settlement }),
    ...(review === undefined ? {} : { review }),
  };
}

/** One to three lines; products near the start of the catalogue sell most. */
export function drawLines(random: Random, merchant: MarketMerchant): readonly StoryLine[] {
  const count = random.chance(0.75) ? 1 : 2 + random.below(2);
  return Array.from({ length: count }, () => {
    const product = Math.floor(random.unit() ** 2 * merchant.products);
    const quantity = random.chance(0.85) ? 1 : 2 + random.below(3);
    const price = Math.max(
      100,
      Math.round((merchant.goods.price * (0.5 + ((product * 7) % 11) / 8)) / 100) * 100 - 10,
    );
    const discount = random.chance(0.3) ? 0.9 : 1;
    return {
      productId: `p-${merchant.index + 1}-${product + 1}`,
      quantity,
      amountMinor: Math.round(price * quantity * discount),
    };
  });
}

function drawDelivery(
  random: Random,
  { merchant, paidMs, region }: { merchant: MarketMerchant; paidMs: number; region: Region },
): StoryDelivery {
  const promisedShipMs = paidMs + 2 * DAY_MS;
  const rush = seasonOf(dayOf(paidMs)) > 2 ? 2.5 : 1;
  const isLate = random.chance(Math.min(0.8, merchant.lateRate * rush));
  const shippedMs = isLate
    ? promisedShipMs + HOUR_MS + random.below(2 * DAY_MS)
    : paidMs + 2 * HOUR_MS + random.below(44 * HOUR_MS);
  const transitMs = Math.round(region.transitHours * HOUR_MS * Math.max(0.6, random.logNormal(1, 0.25)));
  const deliveredMs = shippedMs + transitMs;
  const waitMs = random.chance(0.35) ? 10 * DAY_MS : HOUR_MS * 3 + random.below(8 * DAY_MS);
  return {
    promisedShipMs,
    promisedDeliveryMs: promisedShipMs + Math.round(region.transitHours * 1.4) * HOUR_MS,
    shippedMs,
    deliveredMs,
    confirmedMs: deliveredMs + waitMs,
    isTracked: !random.chance(0.015),
  };
}

function drawRefund(random: Random, delivery: StoryDelivery, paidMinor: number): StoryRefund {
  const requestedMs = delivery.deliveredMs + 2 * HOUR_MS + random.below(6 * DAY_MS);
  const kind = random.unit();
  const reasons = ["QUALITY", "NOT_AS_DESCRIBED", "CHANGED_MIND", "CHANGED_MIND", "OTHER"] as const;
  const isPartial = random.chance(0.2);
  return {
    type: kind < 0.7 ? "RETURN_AND_REFUND" : kind < 0.95 ? "REFUND_ONLY" : "EXCHANGE",
    reason: random.pick(reasons),
    amountMinor: kind >= 0.95 ? 0 : isPartial ? Math.round(paidMinor * random.between(0.1, 0.6)) : paidMinor,
    requestedMs,
    refundedMs: requestedMs + 6 * HOUR_MS + random.below(6 * DAY_MS),
  };
}

/** Paid out at ten in the morning, one to three days after confirmation; nothing when all was refunded. */
export function settle(
  random: Random,
  {
    paidMinor,
    refund,
    confirmedMs,
  }: { paidMinor: number; refund: StoryRefund | undefined; confirmedMs: number },
): StorySettlement | undefined {
  const grossMinor = paidMinor - (refund?.amountMinor ?? 0);
  const settledMs = dayStart(dayOf(confirmedMs) + 1 + random.below(3)) + 10 * HOUR_MS;
  const chargebackMinor = random.chance(0.002) ? grossMinor : 0;
  if (grossMinor <= 0) return undefined;
  return { grossMinor, feeMinor: Math.round(grossMinor * PAY_FEE_RATE), chargebackMinor, settledMs };
}

function drawReview(
  random: Random,
  merchant: MarketMerchant,
  { delivery, isUnhappy }: { delivery: StoryDelivery; isUnhappy: boolean },
): StoryReview {
  const isLate = delivery.deliveredMs > delivery.promisedDeliveryMs;
  const delight = Math.max(0.15, merchant.delight - (isUnhappy ? 0.5 : 0) - (isLate ? 0.3 : 0));
  const isHappy = random.chance(delight);
  const rating = isHappy ? (random.chance(0.75) ? 5 : 4) : 1 + random.below(3);
  const createdMs = delivery.deliveredMs + 3 * HOUR_MS + random.below(9 * DAY_MS);
  const isReplied = random.chance(isHappy ? merchant.replyRate * 0.5 : merchant.replyRate);
  const replyMs = Math.round(random.logNormal(14, 0.9) * HOUR_MS);
  const isDeleted = random.chance(rating <= 2 ? 0.04 : 0.003);
  return {
    isOnReviewSite: random.chance(0.25),
    rating,
    ...(random.chance(0.6) ? { text: random.pick(isHappy ? PRAISE : COMPLAINTS) } : {}),
    createdMs,
    ...(isReplied ? { repliedMs: createdMs + replyMs } : {}),
    ...(isDeleted ? { deletedMs: createdMs + DAY_MS + random.below(10 * DAY_MS) } : {}),
  };
}
