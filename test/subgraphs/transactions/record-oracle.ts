/*
 * The lists of single records, computed a second time: by plain reading of the orders' stories.
 */
import { instant, least, type Published, type Story, storyOf } from "./order-story.js";
import { HOME } from "./published.js";

/** A first month, and the month after the last. */
export type Months = readonly [string, string];

/** The records of some sellers of the home market, newest first. */
export function recordsOf(newest: readonly Published[], sellers: readonly string[], months: Months) {
  const stories = newest
    .filter(
      ({ kind, platform, record }) =>
        kind === "order" && platform === HOME && sellers.includes(record.sellerId),
    )
    .map((order) => storyOf(order, newest));
  return {
    orders: ordersOf(stories, months),
    payouts: payoutsOf(stories, months),
    shipments: shipmentsOf(stories, months),
  };
}

interface Dated {
  readonly at: string;
  readonly zone: string | undefined;
  readonly key: string;
  readonly platform: string;
}

const dayOf = (text: string, zone = "Asia/Shanghai") =>
  new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(Date.parse(text));
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());

function newestFirst<T extends Dated>(all: readonly T[], [from, until]: Months): T[] {
  return all
    .filter(({ at, zone }) => dayOf(at, zone) >= `${from}-01` && dayOf(at, zone) < `${until}-01`)
    .sort((a, b) => compare(b.at, a.at) || compare(b.key, a.key) || compare(b.platform, a.platform));
}

function stateOf(story: Story): string {
  if (story.cancelledAt !== undefined) return "CANCELLED";
  if (story.confirmedAt !== undefined) return "CONFIRMED";
  if (story.deliveredAt !== undefined) return "DELIVERED";
  if (story.shippedAt !== undefined) return "SHIPPED";
  return story.paidAt === undefined ? "AWAITING_PAYMENT" : "AWAITING_SHIP";
}

function ordersOf(stories: readonly Story[], months: Months) {
  const dated = stories.map((story) => ({
    at: iso(Date.parse(story.order.createdAt)) ?? "",
    key: story.order.orderId as string,
    zone: story.order.zone as string | undefined,
    platform: story.platform,
    story,
  }));
  return newestFirst(dated, months).map(({ at, story }) => ({
    platform: story.platform,
    state: stateOf(story),
    createdAt: at,
    paidAt: iso(story.paidAt),
    shippedAt: iso(story.shippedAt),
    deliveredAt: iso(story.deliveredAt),
    confirmedAt: iso(story.confirmedAt),
    settledAt: iso(least(story.settlements.map((s) => Date.parse(s.record.settledAt)))),
    cancelledAt: iso(story.cancelledAt),
    total: { minor: story.order.totalMinor, currency: story.order.currency },
    paid: { minor: story.paid },
    refunded: { minor: story.refunded },
    region: story.order.region ?? null,
  }));
}

function datedParts(
  stories: readonly Story[],
  { list, at, key }: { list: "settlements" | "shipments"; at: string; key: string },
) {
  return stories.flatMap((story) =>
    story[list].map((part) => ({
      ...part,
      at: iso(Date.parse(part.record[at])) ?? "",
      key: part.record[key] as string,
      zone: story.order.zone as string | undefined,
    })),
  );
}

function payoutsOf(stories: readonly Story[], months: Months) {
  const dated = datedParts(stories, { list: "settlements", at: "settledAt", key: "settlementId" });
  return newestFirst(dated, months).map(({ at, platform, record }) => ({
    platform,
    settledAt: at,
    gross: { minor: record.grossMinor, currency: record.currency },
    fee: { minor: record.feeMinor },
    chargeback: { minor: record.chargebackMinor ?? 0 },
    net: { minor: record.grossMinor - record.feeMinor - (record.chargebackMinor ?? 0) },
  }));
}

function shipmentsOf(stories: readonly Story[], months: Months) {
  const dated = datedParts(stories, { list: "shipments", at: "shippedAt", key: "shipmentId" });
  return newestFirst(dated, months).map(({ at, platform, record }) => ({
    platform,
    shippedAt: at,
    deliveredAt: iso(instant(record.deliveredAt)),
    promisedShipAt: iso(instant(record.promisedShipAt)),
    promisedDeliveryAt: iso(instant(record.promisedDeliveryAt)),
    hasTracking: record.trackingNumber !== undefined,
  }));
}
