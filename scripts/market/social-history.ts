import type { BuyerTrait, SocialRecord } from "../../schema/feeds/records.js";
import { dateOf, dayOf, seasonOf } from "./calendar.js";
import { REGIONS } from "./goods.js";
import type { MarketMerchant } from "./merchants.js";
import { Random } from "./random.js";

const SOCIAL_STREAM = 3;
const POSTING_RATE = 0.18;
const TRAITS_EVERY = 5;
const AGES = [
  { bucket: "18-24", weight: 22 },
  { bucket: "25-34", weight: 41 },
  { bucket: "35-44", weight: 23 },
  { bucket: "45-54", weight: 10 },
  { bucket: "55+", weight: 4 },
];
const GENDERS = [
  { bucket: "female", weight: 62 },
  { bucket: "male", weight: 38 },
];
const PLACES = REGIONS.map(({ name, weight }) => ({ bucket: name, weight }));

/** One record for each day on which a channel of the merchant posts, up to the day before `untilMs`. */
export function* socialHistory(
  seed: number,
  merchant: MarketMerchant,
  untilMs: number,
): Generator<SocialRecord, void, undefined> {
  const sellerId = merchant.sellers.get("quanzi-social");
  if (sellerId === undefined) return;
  const random = new Random(seed, SOCIAL_STREAM, merchant.index);
  const channels = random.chance(0.3) ? ["short-video", "live"] : ["short-video"];
  const lastDay = Math.min(merchant.lastDay, dayOf(untilMs) - 1);
  for (const channel of channels) {
    let followers = merchant.followers * random.between(0.5, 1);
    let posted = 0;
    for (let day = merchant.firstDay; day <= lastDay; day += 1) {
      followers *= Math.exp(merchant.growth / 40 + 0.002 * random.normal());
      if (!random.chance(POSTING_RATE)) continue;
      const whole = Math.round(followers);
      const traits = posted % TRAITS_EVERY === 0 ? drawTraits(random, whole) : undefined;
      posted += 1;
      yield {
        ...drawDay(random, { sellerId, channel, day, followers: whole }),
        ...(traits === undefined ? {} : { buyerTraits: traits }),
      };
    }
  }
}

function drawDay(
  random: Random,
  {
    sellerId,
    channel,
    day,
    followers,
  }: { sellerId: string; channel: string; day: number; followers: number },
): SocialRecord {
  const views = Math.round(followers * random.logNormal(0.4, 0.8) * seasonOf(day));
  const likes = Math.round(views * random.between(0.01, 0.07));
  return {
    recordId: `${sellerId}-${channel}-${dateOf(day)}`,
    sellerId,
    channel,
    date: dateOf(day),
    followers,
    posts: 1 + random.below(2),
    views,
    likes,
    comments: Math.round(likes * random.between(0.02, 0.2)),
    shares: Math.round(likes * random.between(0.01, 0.1)),
  };
}

function drawTraits(random: Random, followers: number): readonly BuyerTrait[] {
  const known = Math.round(followers * random.between(0.2, 0.4));
  const spread = (
    trait: string,
    buckets: readonly { bucket: string; weight: number }[],
  ): readonly BuyerTrait[] => {
    const total = buckets.reduce((sum, { weight }) => sum + weight, 0);
    return buckets.map(({ bucket, weight }) => ({
      trait,
      bucket,
      count: Math.round((known * weight) / total),
    }));
  };
  return [...spread("age", AGES), ...spread("gender", GENDERS), ...spread("region", PLACES)];
}
