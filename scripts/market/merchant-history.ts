import { dayStart, HOUR_MS, MINUTE_MS, seasonOf } from "./calendar.js";
import { REGIONS, TEMPLATES } from "./goods.js";
import type { MarketMerchant } from "./merchants.js";
import { drawLines, type OrderStory, settle, tellOrder } from "./order-story.js";
import { Random } from "./random.js";

const HISTORY_STREAM = 2;
const DAYS_PER_MONTH = 30.44;
const CAMPAIGNS = 5;
/** Paid buyers are few, and work for every brushing merchant. */
const PAID_BUYERS = 60;

interface Ledger {
  orders: number;
  buyers: number;
}

/** Every order of a merchant, day by day; telling it again gives the same. */
export function* merchantHistory(
  seed: number,
  merchant: MarketMerchant,
): Generator<OrderStory, void, undefined> {
  const random = new Random(seed, HISTORY_STREAM, merchant.index);
  const ledger: Ledger = { orders: 0, buyers: 0 };
  const campaigns =
    merchant.story === "BRUSHING" ? drawCampaigns(random, merchant) : new Map<number, number>();
  for (let day = merchant.firstDay; day <= merchant.lastDay; day += 1) {
    const months = (day - merchant.firstDay) / DAYS_PER_MONTH;
    const rate = merchant.ordersPerDay * Math.exp(merchant.growth * months) * seasonOf(day);
    for (let left = random.poisson(rate); left > 0; left -= 1) {
      yield tellOrder(random, merchant, {
        orderId: nextOrderId(merchant, ledger),
        buyerId: nextBuyer(random, merchant, ledger),
        day,
      });
    }
    const fakes = campaigns.get(day) ?? 0;
    if (fakes > 0) yield* tellBurst(random, merchant, { day, fakes, ledger });
  }
}

function nextOrderId(merchant: MarketMerchant, ledger: Ledger): string {
  ledger.orders += 1;
  return `o-${merchant.index + 1}-${ledger.orders}`;
}

function nextBuyer(random: Random, merchant: MarketMerchant, ledger: Ledger): string {
  if (ledger.buyers > 0 && random.chance(merchant.repeatRate))
    return `b-${merchant.index + 1}-${random.below(ledger.buyers) + 1}`;
  ledger.buyers += 1;
  return `b-${merchant.index + 1}-${ledger.buyers}`;
}

/** Number of fake orders by day: a few campaigns of two to four days, mostly in the last half year. */
function drawCampaigns(random: Random, merchant: MarketMerchant): ReadonlyMap<number, number> {
  const fakes = new Map<number, number>();
  const span = merchant.lastDay - merchant.firstDay;
  for (let campaign = 0; campaign < CAMPAIGNS; campaign += 1) {
    const start =
      merchant.lastDay - 15 - random.below(Math.max(1, Math.min(span - 15, campaign < 3 ? 165 : span - 15)));
    const length = 2 + random.below(3);
    for (let day = start; day < start + length; day += 1) fakes.set(day, 25 + random.below(45));
  }
  return fakes;
}

/**
 * Bought praise: many orders within an hour by a small circle, shipped in minutes, "delivered" faster than any lorry, confirmed
 * at once, never returned, five stars with a pasted text.
 */
function* tellBurst(
  random: Random,
  merchant: MarketMerchant,
  { day, fakes, ledger }: { day: number; fakes: number; ledger: Ledger },
): Generator<OrderStory, void, undefined> {
  const startMs = dayStart(day) + (1 + random.below(4)) * HOUR_MS;
  for (let left = fakes; left > 0; left -= 1) {
    const createdMs = startMs + random.below(50 * MINUTE_MS);
    const paidMs = createdMs + 4_000 + random.below(20_000);
    const shippedMs = paidMs + 5 * MINUTE_MS + random.below(20 * MINUTE_MS);
    const deliveredMs = shippedMs + 40 * MINUTE_MS + random.below(2 * HOUR_MS);
    const confirmedMs = deliveredMs + 2 * MINUTE_MS + random.below(40 * MINUTE_MS);
    const [line] = drawLines(random, merchant);
    const totalMinor = 10_000 * (1 + random.below(5));
    const settlement = settle(random, { paidMinor: totalMinor, refund: undefined, confirmedMs });
    yield {
      orderId: nextOrderId(merchant, ledger),
      buyerId: `w-${random.below(PAID_BUYERS) + 1}`,
      region: random.weighted(REGIONS).name,
      channel: "app",
      lines: [{ productId: line?.productId ?? "p", quantity: 1, amountMinor: totalMinor }],
      totalMinor,
      createdMs,
      paidMs,
      delivery: {
        promisedShipMs: paidMs + 48 * HOUR_MS,
        promisedDeliveryMs: paidMs + 120 * HOUR_MS,
        shippedMs,
        deliveredMs,
        confirmedMs,
        isTracked: true,
      },
      ...(settlement === undefined ? {} : { settlement }),
      ...(random.chance(0.85)
        ? {
            review: {
              isOnReviewSite: random.chance(0.3),
              rating: 5,
              text: random.pick(TEMPLATES),
              createdMs: confirmedMs + MINUTE_MS + random.below(30 * MINUTE_MS),
            },
          }
        : {}),
    };
  }
}
