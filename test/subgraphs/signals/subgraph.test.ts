import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Category } from "../../../schema/categories.js";
import type { MonthRange } from "../../../schema/claims.js";
import type { Subgraph } from "../../../schema/subgraph.js";
import { Permit } from "../../../subgraphs/host/permit.js";
import { createSignalsSubgraph } from "../../../subgraphs/signals/index.js";
import { openSignalsRoom, type SignalsRoom } from "./signals-room.js";

const MERCHANTS = Array.from({ length: 100 }, (_, index) => `92990100MA${String(index).padStart(7, "0")}X`);
const FIRST = MERCHANTS[0] ?? "";
const M = "value unit basis n coverage verification sources reason formula asOf confidence { low high }";
const NOW = new Date("2026-04-20T00:00:00Z");

interface GrantRule {
  readonly categories: readonly Category[];
  readonly months?: MonthRange;
}

describe("the signals subgraph", () => {
  let room: SignalsRoom;
  let subgraph: Subgraph;
  let grant: GrantRule = { categories: ["REVIEWS", "SOCIAL"] };
  const statements: string[] = [];

  beforeAll(async () => {
    room = await openSignalsRoom();
    for (const [index, merchant] of MERCHANTS.entries()) room.links.set(`site/s-${index}`, merchant);
    await room.publish(
      "site",
      "review",
      MERCHANTS.flatMap((_, index) => reviewsOf(index)),
    );
    await room.publish(
      "site",
      "social",
      MERCHANTS.flatMap((_, index) => socialOf(index)),
    );
    const verifyPermit = async () =>
      new Permit(
        { party: "bank", id: "demo-bank", scopes: new Set() },
        MERCHANTS.map((merchant) => ({ inquiry: "i", merchant, records: [], ...grant })),
      );
    subgraph = await createSignalsSubgraph({
      postgres: room.database.open({ onStatement: (text) => statements.push(text) }),
      clock: { now: () => NOW, monotonicMs: () => 0 },
      verifyPermit,
    });
  });
  afterAll(async () => room.database.drop());

  async function ask(merchants: readonly string[], selection: string) {
    statements.length = 0;
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Merchant { id ${selection} } } }`;
    const variables = { r: merchants.map((id) => ({ __typename: "Merchant", id })) };
    const answer = await subgraph.execute({ permit: "any", body: JSON.stringify({ query, variables }) });
    // Tests look into answers freely; a wrong path is a failing test.
    const entities = answer.data?.["_entities"] as any[] | undefined; // oxlint-disable-line no-explicit-any
    return { entities: entities ?? [], errors: answer.errors ?? [] };
  }

  it("carries a rule on each field of the merchant and on its gated types", () => {
    for (const [field, category] of [
      ["reviews", "REVIEWS"],
      ["social", "SOCIAL"],
    ]) {
      expect(subgraph.sdl).toMatch(
        new RegExp(`${field}\\([^)]*\\): \\w+ @policy\\(policies: \\[\\["consent:${category}"\\]\\]\\)`),
      );
    }
    expect(subgraph.sdl).toMatch(/type Reviews @policy\(policies: \[\["consent:REVIEWS"\]\]\)/);
    expect(subgraph.sdl).toMatch(/type Social @policy\(policies: \[\["consent:SOCIAL"\]\]\)/);
  });

  it("answers with numbers that say what they rest on", async () => {
    grant = { categories: ["REVIEWS", "SOCIAL"] };
    const { entities, errors } = await ask(
      [FIRST],
      `
      reviews { window { from until } reviewCount { ${M} } reviewScoreBayes { ${M} } negativeShare { ${M} } reviewTrend { ${M} }
        reviewReplyMedianHours { ${M} } reviewDeletedCount { ${M} } platforms { platform stars } months { month count } }
      social { followers { ${M} } followerGrowth { ${M} } engagementRate { ${M} } posts { value }
        buyerTraits { trait suppressed buckets { bucket count } } months { month posts } channels { channel followers { value } } }`,
    );
    expect(errors).toEqual([]);
    const { reviews, social } = entities[0];
    expect(reviews.window).toEqual({ from: "2025-05", until: "2026-05" });
    expect(reviews.reviewCount).toMatchObject({
      value: 60,
      n: 60,
      basis: "CASH",
      sources: ["site"],
      verification: 1,
      reason: null,
      asOf: NOW.toISOString(),
    });
    expect(reviews.negativeShare).toMatchObject({ value: 0.1, formula: "negativeShare/1" });
    expect(reviews.reviewScoreBayes.value).toBeCloseTo((50 * 4.6 + 60 * 4.6) / 110, 9);
    expect(reviews.reviewReplyMedianHours.value).toBeCloseTo(2, 1);
    expect(reviews.reviewTrend).toMatchObject({ unit: "star/week" });
    expect(reviews.reviewTrend.confidence.low).toBeLessThanOrEqual(reviews.reviewTrend.value);
    expect(reviews.reviewDeletedCount.value).toBe(0);
    expect(reviews.platforms).toEqual([{ platform: "site", stars: [6, 0, 0, 0, 54] }]);
    expect(social.followers).toMatchObject({ value: 145, basis: "STATE" });
    expect(social.engagementRate).toMatchObject({ value: 0.1, n: 80 });
    expect(social.buyerTraits).toEqual([
      { trait: "age", suppressed: 2, buckets: [{ bucket: "25-34", count: 60 }] },
    ]);
  });

  it("reads with as many statements for a hundred merchants as for one", async () => {
    grant = { categories: ["REVIEWS", "SOCIAL"] };
    const selection =
      "reviews { reviewCount { value } reviewTrend { value } } social { followers { value } }";
    await ask([FIRST], selection);
    const one = statements.length;
    const { entities } = await ask(MERCHANTS, selection);
    expect(one).toBe(2);
    expect(statements.length).toBe(one);
    expect(entities.map(({ id }) => id)).toEqual(MERCHANTS);
    expect(new Set(entities.map(({ reviews }) => reviews.reviewCount.value))).toEqual(new Set([60]));
    expect(entities.map(({ social }) => social.followers.value)).toEqual(
      MERCHANTS.map((_, index) => 145 + index),
    );
  });

  it("opens no month that the grant does not, whatever the window asks", async () => {
    grant = { categories: ["REVIEWS", "SOCIAL"], months: { from: "2026-03", until: "2026-05" } };
    const { entities } = await ask(
      [FIRST],
      `reviews(window: { months: 36 }) { window { from until } reviewCount { value } reviewTrend { n } reviewReplyMedianHours { n } }
      social(window: { from: "2026-01", until: "2026-05" }) { posts { value } months { month } buyerTraits { trait } }`,
    );
    const { reviews, social } = entities[0];
    expect(reviews.window).toEqual({ from: "2026-03", until: "2026-05" });
    const open = reviewsOf(0).filter(({ createdAt }) => createdAt >= "2026-03").length;
    expect(reviews).toMatchObject({
      reviewCount: { value: open },
      reviewTrend: { n: open },
      reviewReplyMedianHours: { n: open },
    });
    expect(open).toBeLessThan(60);
    expect(social.months.map(({ month }: { month: string }) => month)).toEqual(["2026-03", "2026-04"]);
    expect(social.posts.value).toBe(40);
  });

  it("says nothing of months that lie wholly outside the grant", async () => {
    grant = { categories: ["REVIEWS"], months: { from: "2026-03", until: "2026-05" } };
    const { entities } = await ask(
      [FIRST],
      'reviews(window: { from: "2026-01", until: "2026-03" }) { reviewCount { value reason coverage } months { month } }',
    );
    expect(entities[0].reviews).toEqual({
      reviewCount: { value: null, reason: "NO_SOURCE", coverage: 0 },
      months: [],
    });
  });

  it("refuses a category that the permit does not open, and answers the other", async () => {
    grant = { categories: ["SOCIAL"] };
    const { entities, errors } = await ask(
      [FIRST],
      "reviews { reviewCount { value } } social { followers { value } }",
    );
    expect(entities[0]).toMatchObject({ reviews: null, social: { followers: { value: 145 } } });
    expect(errors).toMatchObject([
      { path: ["_entities", 0, "reviews"], extensions: { code: "PERMIT_INVALID", category: "REVIEWS" } },
    ]);
    expect(statements.some((text) => text.includes("review_"))).toBe(false);
  });

  it("refuses a merchant that the permit does not name", async () => {
    grant = { categories: ["REVIEWS", "SOCIAL"] };
    const { entities, errors } = await ask(["91990100MA0000A193"], "social { followers { value } }");
    expect(entities[0].social).toBeNull();
    expect(errors[0]?.extensions.code).toBe("PERMIT_INVALID");
  });

  it("refuses a window that is out of bounds", async () => {
    grant = { categories: ["REVIEWS"] };
    const { errors } = await ask([FIRST], "reviews(window: { months: 37 }) { reviewCount { value } }");
    expect(errors[0]?.extensions.code).toBe("BAD_USER_INPUT");
  });

  it("says that no source speaks, and not zero, of months before the first review", async () => {
    grant = { categories: ["REVIEWS"] };
    const { entities } = await ask(
      [FIRST],
      'reviews(window: { from: "2024-01", until: "2024-03" }) { reviewCount { value reason verification } }',
    );
    expect(entities[0].reviews.reviewCount).toEqual({ value: null, reason: "NO_SOURCE", verification: 0 });
  });
});

/** Sixty reviews, one a day from 2026-02-14 on; every tenth has one star; each is answered within two hours. */
function reviewsOf(index: number) {
  return Array.from({ length: 60 }, (_, nth) => {
    const createdMs = Date.parse("2026-02-14T02:00:00Z") + nth * 86_400_000;
    return {
      reviewId: `r-${index}-${nth}`,
      sellerId: `s-${index}`,
      rating: nth % 10 === 0 ? 1 : 5,
      createdAt: new Date(createdMs).toISOString(),
      repliedAt: new Date(createdMs + 7_200_000).toISOString(),
    };
  });
}

/** Forty days of a channel from 2026-02-09 on, two posts each; followers grow from 106 plus the merchant's index to 145. */
function socialOf(index: number) {
  return Array.from({ length: 40 }, (_, nth) => ({
    recordId: `so-${index}-${nth}`,
    sellerId: `s-${index}`,
    channel: "live",
    date: new Date(Date.parse("2026-02-09") + nth * 86_400_000).toISOString().slice(0, 10),
    followers: 106 + index + nth,
    posts: 2,
    views: 100,
    likes: 10,
    ...(nth === 39
      ? {
          buyerTraits: [
            { trait: "age", bucket: "18-24", count: 9 },
            { trait: "age", bucket: "25-34", count: 60 },
            { trait: "age", bucket: "35+", count: 30 },
          ],
        }
      : {}),
  }));
}
