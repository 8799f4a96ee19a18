import type { FeedKind } from "../schema/feeds/kinds.js";
import type { FeedRecord, PlatformKind } from "../schema/feeds/records.js";
import { dayOf, firstDayOfMonths } from "./market/calendar.js";
import {
  accountRecord,
  orderRecord,
  paymentRecord,
  type PublishedOrder,
  refundRecord,
  reviewRecord,
  settlementRecord,
  shipmentRecord,
} from "./market/feed-records.js";
import { merchantHistory } from "./market/merchant-history.js";
import {
  BRUSHING_INDEX,
  drawMerchants,
  type MarketMerchant,
  ORDINARY_INDEX,
  YOUNG_INDEX,
} from "./market/merchants.js";
import { socialHistory } from "./market/social-history.js";

/** The platforms of the market, and what each publishes. */
export const MARKET_PLATFORMS: readonly MarketPlatform[] = [
  { id: "taoyuan-market", platformKind: "MARKETPLACE", feeds: ["account", "order", "refund", "review"] },
  { id: "yinlian-pay", platformKind: "PAYMENT", feeds: ["account", "payment", "settlement"] },
  { id: "shunda-express", platformKind: "CARRIER", feeds: ["account", "shipment"] },
  { id: "pinglun-reviews", platformKind: "REVIEW", feeds: ["account", "review"] },
  { id: "quanzi-social", platformKind: "SOCIAL", feeds: ["account", "social"] },
];

/** The order of publication: accounts before what needs them, orders before what speaks of them. */
export const PUBLISHING_ORDER: readonly FeedKind[] = [
  "account",
  "order",
  "payment",
  "refund",
  "shipment",
  "settlement",
  "review",
  "social",
];

export interface MarketPlatform {
  readonly id: string;
  readonly platformKind: PlatformKind;
  readonly feeds: readonly FeedKind[];
}

export interface MarketOptions {
  /** A 32-bit integer; the same options give the same bytes. */
  readonly seed: number;
  /** 3 to 100,000; default 200. */
  readonly merchants?: number;
  /** Calendar months of history, the current one included: 1 to 60, default 18. */
  readonly months?: number;
  /**
   * About how many genuine orders there are in all; default 50,000. Bought orders come on top, about 700 a brushing
   * merchant.
   */
  readonly orders?: number;
  /** No record holds a later instant. */
  readonly until: Date;
}

/** What one platform publishes of one kind. */
export interface MarketFeed {
  readonly platform: string;
  readonly kind: FeedKind;
  /** A fresh run through the records, merchant by merchant; made as they are read, never held. */
  records(): Generator<FeedRecord, void, undefined>;
}

/** A synthetic market: nobody in it exists. */
export interface Market {
  readonly merchants: readonly MarketMerchant[];
  /** In publishing order. */
  readonly feeds: readonly MarketFeed[];
  /** One merchant of each sort, for demonstrations. Their USCCs are the same for every seed. */
  readonly demo: {
    readonly ordinary: MarketMerchant;
    readonly brushing: MarketMerchant;
    readonly young: MarketMerchant;
  };
}

/** @throws RangeError when an option is out of bounds */
export function generateMarket({
  seed,
  merchants = 200,
  months = 18,
  orders = 50_000,
  until,
}: MarketOptions): Market {
  requireBetween("merchants", merchants, [3, 100_000]);
  requireBetween("months", months, [1, 60]);
  requireBetween("orders", orders, [0, 1_000_000_000]);
  const untilMs = until.getTime();
  const firstDay = firstDayOfMonths(dayOf(untilMs), months);
  const drawn = drawMerchants({ seed, merchants, orders, firstDay, untilMs });
  const feeds = PUBLISHING_ORDER.flatMap((kind) =>
    MARKET_PLATFORMS.filter(({ feeds: published }) => published.includes(kind)).map((platform) => ({
      platform: platform.id,
      kind,
      records: () => recordsOf(platform, kind, { seed, untilMs, merchants: drawn }),
    })),
  );
  return {
    merchants: drawn,
    feeds,
    demo: {
      ordinary: at(drawn, ORDINARY_INDEX),
      brushing: at(drawn, BRUSHING_INDEX),
      young: at(drawn, YOUNG_INDEX),
    },
  };
}

interface Stage {
  readonly seed: number;
  readonly untilMs: number;
  readonly merchants: readonly MarketMerchant[];
}

function* recordsOf(
  platform: MarketPlatform,
  kind: FeedKind,
  stage: Stage,
): Generator<FeedRecord, void, undefined> {
  for (const merchant of stage.merchants) {
    if (!merchant.sellers.has(platform.id)) continue;
    if (kind === "account") {
      const account = accountRecord(merchant, platform.id, platform.platformKind);
      if (account !== undefined) yield account;
    } else if (kind === "social") {
      yield* socialHistory(stage.seed, merchant, stage.untilMs);
    } else {
      for (const order of merchantHistory(stage.seed, merchant)) {
        const record = OF_ORDER[kind]({ merchant, order, untilMs: stage.untilMs }, platform.id);
        if (record !== undefined) yield record;
      }
    }
  }
}

type OrderKind = Exclude<FeedKind, "account" | "social">;
const OF_ORDER: Readonly<
  Record<OrderKind, (published: PublishedOrder, platform: string) => FeedRecord | undefined>
> = {
  order: orderRecord,
  payment: paymentRecord,
  refund: refundRecord,
  shipment: shipmentRecord,
  settlement: settlementRecord,
  review: reviewRecord,
};

function at(merchants: readonly MarketMerchant[], index: number): MarketMerchant {
  const merchant = merchants[index];
  if (merchant === undefined) throw new RangeError(`no merchant ${index}`);
  return merchant;
}

function requireBetween(name: string, value: number, [low, high]: readonly [number, number]): void {
  if (!Number.isInteger(value) || value < low || value > high)
    throw new RangeError(`${name} must be ${low} to ${high}`);
}
