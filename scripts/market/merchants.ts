import { dayOf, dayStart, DAY_MS, HOUR_MS } from "./calendar.js";
import { FAMILIES, type Goods, GOODS, PLACES, REGIONS } from "./goods.js";
import { Random } from "./random.js";
import { syntheticUscc } from "./uscc.js";

/** What a merchant of the market does. */
export type MerchantStory = "ORDINARY" | "BRUSHING" | "YOUNG" | "STOPPED";

/** One merchant of the market and its habits; rates are 0 to 1, days count from 1970-01-01 in Asia/Shanghai. */
export interface MarketMerchant {
  readonly index: number;
  readonly merchantId: string;
  readonly legalName: string;
  readonly story: MerchantStory;
  readonly goods: Goods;
  readonly region: string;
  readonly openedMs: number;
  readonly firstDay: number;
  /** The last day with orders. */
  readonly lastDay: number;
  /** Seller id by platform; no entry where it has no account. */
  readonly sellers: ReadonlyMap<string, string>;
  /** Genuine orders on an ordinary day at `firstDay`. */
  readonly ordersPerDay: number;
  /** Logarithmic growth a month. */
  readonly growth: number;
  readonly products: number;
  readonly repeatRate: number;
  readonly cancelRate: number;
  readonly returnRate: number;
  readonly lateRate: number;
  readonly replyRate: number;
  /** Chance of a rating of 4 or 5. */
  readonly delight: number;
  readonly followers: number;
}

export interface MerchantPlan {
  readonly seed: number;
  readonly merchants: number;
  readonly orders: number;
  readonly firstDay: number;
  readonly untilMs: number;
}

/** The three that demonstrations name stand first; their codes don't depend on the seed. */
export const ORDINARY_INDEX = 0;
export const BRUSHING_INDEX = 1;
export const YOUNG_INDEX = 2;

const BRUSHING_SHARE = 0.03;
const YOUNG_SHARE = 0.06;
const STOPPED_SHARE = 0.04;
const MERCHANT_STREAM = 1;

/** Draws the merchants: sizes log-normal, scaled so that genuine orders add up to about `plan.orders`. */
export function drawMerchants(plan: MerchantPlan): readonly MarketMerchant[] {
  const drafts = Array.from({ length: plan.merchants }, (_, index) => draft(plan, index));
  const mass = drafts.reduce(
    (sum, { merchant, size }) => sum + size * (merchant.lastDay - merchant.firstDay + 1),
    0,
  );
  return drafts.map(({ merchant, size }) => ({ ...merchant, ordersPerDay: (plan.orders * size) / mass }));
}

function draft(plan: MerchantPlan, index: number): { merchant: MarketMerchant; size: number } {
  const random = new Random(plan.seed, MERCHANT_STREAM, index);
  const story = storyOf(index);
  const size = sizeOf(random, story, index);
  const isEnterprise =
    index <= BRUSHING_INDEX || (index !== YOUNG_INDEX && random.chance(size > 1.5 ? 0.8 : 0.3));
  const goods = random.weighted(GOODS);
  const life = lifeOf(random, story, plan);
  const merchant: MarketMerchant = {
    index,
    merchantId: syntheticUscc(isEnterprise ? "91" : "92", index),
    legalName: isEnterprise
      ? `${random.pick(PLACES)} ${goods.noun} Trading Co., Ltd. No. ${index + 1}`
      : `${random.pick(FAMILIES)} Family ${goods.noun} Shop No. ${index + 1}`,
    story,
    goods,
    region: random.weighted(REGIONS).name,
    ...life,
    sellers: sellersOf(random, story, index),
    ordersPerDay: 0,
    growth: random.between(-0.04, 0.06),
    products: 3 + random.below(30),
    repeatRate: random.between(0.1, 0.4),
    cancelRate: random.between(0.01, 0.05),
    returnRate: Math.min(0.4, goods.returnRate * random.logNormal(1, 0.35)),
    lateRate: Math.min(0.5, random.logNormal(0.03, 0.8)),
    replyRate: random.between(0.1, 0.8),
    delight: random.between(0.78, 0.95),
    followers: Math.round(random.logNormal(900, 1.4)),
  };
  return { merchant, size };
}

function storyOf(index: number): MerchantStory {
  if (index === ORDINARY_INDEX) return "ORDINARY";
  if (index === BRUSHING_INDEX) return "BRUSHING";
  if (index === YOUNG_INDEX) return "YOUNG";
  // Spread evenly, so that a small market has each story too.
  const place = (index * 0.618_033_988_75) % 1;
  if (place < BRUSHING_SHARE) return "BRUSHING";
  if (place < BRUSHING_SHARE + YOUNG_SHARE) return "YOUNG";
  return place < BRUSHING_SHARE + YOUNG_SHARE + STOPPED_SHARE ? "STOPPED" : "ORDINARY";
}

function sizeOf(random: Random, story: MerchantStory, index: number): number {
  const size = Math.min(15, random.logNormal(1, 1));
  if (index === ORDINARY_INDEX) return 6;
  if (index === YOUNG_INDEX) return 3;
  return story === "BRUSHING" ? 1 + size / 4 : size;
}

function lifeOf(random: Random, story: MerchantStory, plan: MerchantPlan) {
  const today = dayOf(plan.untilMs);
  const span = today - plan.firstDay;
  const age = random.between(120, 2_500);
  const youth = Math.min(span, 30 + random.below(80));
  const stoppedFor = Math.min(Math.floor(span / 2), 45 + random.below(150));
  const firstDay = story === "YOUNG" ? today - youth : plan.firstDay;
  const openedMs = dayStart(story === "YOUNG" ? firstDay : Math.floor(firstDay - age)) + 2 * HOUR_MS - DAY_MS;
  return { openedMs, firstDay, lastDay: story === "STOPPED" ? today - stoppedFor : today };
}

function sellersOf(random: Random, story: MerchantStory, index: number): ReadonlyMap<string, string> {
  const number = String(index + 1).padStart(5, "0");
  const isShown = index <= YOUNG_INDEX;
  const carrier = random.chance(0.9);
  const reviews = random.chance(0.6);
  const social = random.chance(story === "YOUNG" ? 0.4 : 0.55);
  const sellers = new Map([
    ["taoyuan-market", `ty-${number}`],
    ["yinlian-pay", `yl-${number}`],
  ]);
  if (isShown || carrier) sellers.set("shunda-express", `sd-${number}`);
  if (isShown || reviews) sellers.set("pinglun-reviews", `pl-${number}`);
  if (isShown || social) sellers.set("quanzi-social", `qz-${number}`);
  return sellers;
}
