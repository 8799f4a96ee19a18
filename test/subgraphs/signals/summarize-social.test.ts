import "reflect-metadata";
import { describe, expect, it } from "vitest";
import type { SocialMonthRow } from "../../../subgraphs/signals/social/read-social.js";
import { summarizeSocial } from "../../../subgraphs/signals/social/summarize-social.js";

const WINDOW = { from: "2026-01", until: "2026-05" };
const NOW = new Date("2026-04-20T00:00:00Z");

function row(month: string, rest: Partial<SocialMonthRow> = {}): SocialMonthRow {
  return {
    platform: "quanzi-social",
    seller: "q-1",
    channel: "live",
    month,
    days: 10,
    posts: 20,
    views: 1_000,
    engagements: 50,
    firstFollowers: 100,
    lastFollowers: 110,
    traits: null,
    traitsDay: null,
    ...rest,
  };
}

describe("the social profile", () => {
  it("adds the channels' last counts, and measures growth over channels counted twice", () => {
    const rows = [
      row("2026-01"),
      row("2026-03", { firstFollowers: 120, lastFollowers: 150 }),
      row("2026-03", { seller: "q-2", firstFollowers: 40, lastFollowers: 44 }),
    ];
    const social = summarizeSocial(rows, WINDOW, NOW);
    expect(social.followers).toMatchObject({
      value: 194,
      n: 2,
      basis: "STATE",
      coverage: 0.5,
      verification: 1,
      sources: ["quanzi-social"],
    });
    expect(social.followerGrowth).toMatchObject({ value: 0.5, n: 30, reason: null });
    expect(social.posts).toMatchObject({ value: 60, n: 30 });
    expect(social.months.map(({ followers }) => followers)).toEqual([110, 110, 194, 194]);
    expect(social.channels).toHaveLength(1);
  });

  it("gives the engagement rate from thirty posts on", () => {
    expect(summarizeSocial([row("2026-01", { posts: 30 })], WINDOW, NOW).engagementRate).toMatchObject({
      value: 0.05,
      n: 30,
      reason: null,
    });
    expect(summarizeSocial([row("2026-01", { posts: 29 })], WINDOW, NOW).engagementRate).toMatchObject({
      value: null,
      valueExcludingDisputed: null,
      n: 29,
      reason: "SAMPLE_TOO_SMALL",
    });
  });

  it("has no growth from one month, and says so", () => {
    const { followerGrowth } = summarizeSocial([row("2026-01", { days: 31 })], WINDOW, NOW);
    expect(followerGrowth).toMatchObject({ value: null, reason: "INSUFFICIENT_HISTORY" });
  });

  it("says nothing without a source, not even zero", () => {
    const social = summarizeSocial([], WINDOW, NOW);
    expect(social.followers).toMatchObject({
      value: null,
      reason: "NO_SOURCE",
      verification: 0,
      coverage: 0,
      sources: [],
    });
    expect(social.months).toHaveLength(4);
    expect(social.months[0]).toMatchObject({ followers: null, posts: 0 });
  });

  it("shows the newest traits of a channel, all accounts together, ten people a bucket or none", () => {
    const trait = (bucket: string, count: number) => ({ trait: "age", bucket, count });
    const rows = [
      row("2026-01", { traits: [trait("a", 500), trait("b", 500)], traitsDay: "2026-01-30" }),
      row("2026-02", { traits: [trait("a", 6), trait("b", 30), trait("c", 20)], traitsDay: "2026-02-27" }),
      row("2026-03"),
      row("2026-02", { seller: "q-2", traits: [trait("a", 5), trait("c", 2)], traitsDay: "2026-02-20" }),
    ];
    expect(summarizeSocial(rows, WINDOW, NOW).buyerTraits).toEqual([
      {
        platform: "quanzi-social",
        channel: "live",
        trait: "age",
        day: "2026-02-27",
        suppressed: 0,
        buckets: [
          { bucket: "b", count: 30 },
          { bucket: "c", count: 22 },
          { bucket: "a", count: 11 },
        ],
      },
    ]);
  });
});
