import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SocialRecord } from "../../../schema/feeds/records.js";
import { REPLY_GAMMA } from "../../../subgraphs/signals/reviews/reply-sketch.js";
import { publishAtRandom, reviewOf, SEED, socialOf } from "./random-records.js";
import { openSignalsRoom, type SignalsRoom } from "./signals-room.js";

function localDay(instant: string, zone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(new Date(instant));
}

function addTo<K>(sums: Map<K, number>, key: K, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function nonZero(sums: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...sums].filter(([, value]) => value !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
}

describe(`the feeds of signals (seed ${SEED})`, () => {
  let room: SignalsRoom;
  beforeAll(async () => {
    room = await openSignalsRoom();
    for (const platform of ["site-a", "site-b"]) {
      room.links.set(`${platform}/s-1`, "92990100MA0000B234");
      room.links.set(`${platform}/s-2`, "92990100MA0000B234");
      room.links.set(`${platform}/s-3`, "91990100MA0000A193");
    }
  });
  afterAll(async () => room.database.drop());

  it("roll reviews up to what counting them one by one gives, after corrections and moves in any order", async () => {
    const states = await publishAtRandom(room, "review", reviewOf);
    const expected = new Map<string, number>();
    const replies = new Map<string, number>();
    const priors = new Map<string, number>();
    const merchants = new Set<string>();
    for (const { platform, record } of states) {
      const merchant = room.links.get(`${platform}/${record.sellerId}`) ?? "";
      const day = localDay(record.createdAt, record.zone ?? "Asia/Shanghai");
      const at = `${merchant} ${platform} ${record.sellerId} ${day}`;
      addTo(expected, `${at} stars${record.rating}`, 1);
      addTo(priors, `${platform} reviews`, 1);
      addTo(priors, `${platform} stars`, record.rating);
      if (!merchants.has(`${platform} ${merchant}`)) addTo(priors, `${platform} merchants`, 1);
      merchants.add(`${platform} ${merchant}`);
      if (record.deletedAt !== undefined) addTo(expected, `${at} deleted`, 1);
      if (record.repliedAt === undefined) continue;
      const seconds = Math.floor((Date.parse(record.repliedAt) - Date.parse(record.createdAt)) / 1_000);
      addTo(expected, `${at} replied`, 1);
      addTo(expected, `${at} reply_seconds`, seconds);
      addTo(
        replies,
        `${merchant} ${platform} ${record.sellerId} ${day.slice(0, 7)} ${Math.ceil(Math.log(Math.max(1, seconds)) / Math.log(REPLY_GAMMA))}`,
        1,
      );
    }
    const kept = new Map<string, number>();
    for (const { merchant_id, platform, seller_id, day, ...sums } of await room.rows<
      Record<string, string | number>
    >(
      "select merchant_id, platform, seller_id, day::text as day, stars1, stars2, stars3, stars4, stars5, replied, deleted, reply_seconds from signals.review_daily",
    )) {
      for (const [name, value] of Object.entries(sums))
        kept.set(`${merchant_id} ${platform} ${seller_id} ${day} ${name}`, Number(value));
      expect(
        [1, 2, 3, 4, 5].some((rating) => sums[`stars${rating}`] !== 0),
        "a day without reviews is swept away",
      ).toBe(true);
    }
    expect(nonZero(kept)).toEqual(nonZero(expected));

    const sketch = await room.rows<{ at: string; count: number }>(
      "select concat_ws(' ', merchant_id, platform, seller_id, month, bucket) as at, count from signals.review_reply_sketch",
    );
    expect(nonZero(new Map(sketch.map(({ at, count }) => [at, count])))).toEqual(nonZero(replies));
    const prior = await room.rows<{ platform: string }>("select * from signals.review_prior");
    const priorSums = prior.flatMap(({ platform, ...sums }) =>
      Object.entries(sums).map(([name, value]) => [`${platform} ${name}`, Number(value)] as const),
    );
    expect(nonZero(new Map(priorSums))).toEqual(nonZero(priors));
  });

  it("keep the text of a review apart from its raw record, and only the newest", async () => {
    room.links.set("site-t/s-1", "92990100MA0000B234");
    const review = {
      reviewId: "t/1",
      orderId: "o",
      sellerId: "s-1",
      rating: 4,
      createdAt: "2026-03-01T00:00:00Z",
    };
    await room.publish("site-t", "review", [{ ...review, text: "first words" }]);
    const report = await room.publish("site-t", "review", [{ ...review, text: "second words" }]);
    expect(report.corrected).toBe(1);
    const texts = "select text from signals.review_text where platform = 'site-t'";
    expect(await room.rows(texts)).toEqual([{ text: "second words" }]);
    const raw = await room.rows<{ payload: object }>(
      "select payload from signals.feed_record where platform = 'site-t'",
    );
    expect(raw).toHaveLength(2);
    expect(JSON.stringify(raw)).not.toContain("words");
    await room.publish("site-t", "review", [review]);
    expect(await room.rows(texts)).toEqual([]);
  });

  it("move a review with its seller's link: the old merchant keeps neither fact, text nor count", async () => {
    room.links.set("site-m/s-9", "91990100MA0000A193");
    const review = {
      reviewId: "m-1",
      sellerId: "s-9",
      rating: 1,
      createdAt: "2026-03-01T00:00:00Z",
      text: "words",
    };
    await room.publish("site-m", "review", [review]);
    room.links.set("site-m/s-9", "92990100MA0000B234");
    await room.publish("site-m", "review", [{ ...review, rating: 2 }]);
    for (const table of ["review_fact", "review_text", "review_daily"]) {
      const rows = await room.rows(
        `select distinct merchant_id from signals.${table} where platform = 'site-m'`,
      );
      expect(rows, table).toEqual([{ merchant_id: "92990100MA0000B234" }]);
    }
    expect(
      await room.rows("select merchants, reviews, stars from signals.review_prior where platform = 'site-m'"),
    ).toEqual([{ merchants: 1, reviews: 1, stars: 2 }]);
  });

  it("reject a reply or a removal before the review, and traits that come twice, and take the rest", async () => {
    room.links.set("site-d/s-1", "92990100MA0000B234");
    const at = "2026-03-01T00:00:00Z";
    const before = "2026-02-28T23:59:59Z";
    const reviews = await room.publish("site-d", "review", [
      { reviewId: "1", sellerId: "s-1", rating: 3, createdAt: at, repliedAt: before },
      { reviewId: "2", sellerId: "s-1", rating: 3, createdAt: at, deletedAt: before },
      { reviewId: "3", sellerId: "s-1", rating: 3, createdAt: at, repliedAt: at, deletedAt: at },
    ]);
    expect(reviews).toMatchObject({ accepted: 1, rejected: 2 });
    expect(reviews.rejections.map(({ pointer, code }) => [pointer, code])).toEqual([
      ["/repliedAt", "FEED_RECORD_INVALID"],
      ["/deletedAt", "FEED_RECORD_INVALID"],
    ]);
    const trait = { trait: "age", bucket: "18-24", count: 1 };
    const social = await room.publish("site-d", "social", [
      {
        recordId: "1",
        sellerId: "s-1",
        channel: "live",
        date: "2026-03-01",
        followers: 1,
        buyerTraits: [trait, trait],
      },
    ]);
    expect(social.rejections).toMatchObject([
      { line: 1, pointer: "/buyerTraits/1", code: "FEED_RECORD_INVALID" },
    ]);
  });

  it("roll social days up to what summing them one by one gives, after corrections and moves in any order", async () => {
    const states = await publishAtRandom(room, "social", socialOf);
    const days = new Map<string, SocialRecord>();
    for (const { platform, record } of [...states].sort((a, b) =>
      a.record.recordId < b.record.recordId ? -1 : 1,
    )) {
      const merchant = room.links.get(`${platform}/${record.sellerId}`) ?? "";
      days.set([merchant, platform, record.sellerId, record.channel, record.date].join(" "), record);
    }
    const expected = new Map<string, object>();
    for (const [key, record] of [...days].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const at = key.slice(0, -3);
      const known = expected.get(at) as Record<string, number> | undefined;
      expected.set(at, {
        days: (known?.["days"] ?? 0) + 1,
        posts: (known?.["posts"] ?? 0) + (record.posts ?? 0),
        views: (known?.["views"] ?? 0) + (record.views ?? 0),
        engagements: (known?.["engagements"] ?? 0) + (record.likes ?? 0),
        first_followers: known?.["first_followers"] ?? record.followers,
        last_followers: record.followers,
        last_day: record.date,
        traits: record.buyerTraits ?? (known?.["traits"] as unknown) ?? null,
      });
    }
    const rows = await room.rows<Record<string, unknown>>(
      `select concat_ws(' ', merchant_id, platform, seller_id, channel, month) as at, days, posts::int, views::int, engagements::int,
        first_followers, last_followers, last_day::text, traits from signals.social_month where platform in ('site-a', 'site-b')`,
    );
    const kept = new Map(rows.map(({ at, ...rest }) => [String(at), rest]));
    expect(kept.size).toBeGreaterThan(10);
    expect(Object.fromEntries([...kept].sort())).toEqual(Object.fromEntries([...expected].sort()));
  });
});
