import "reflect-metadata";
import { describe, expect, it } from "vitest";
import type { ReviewMonthRow, ReviewRollup } from "../../../subgraphs/signals/reviews/read-reviews.js";
import { summarizeReviews } from "../../../subgraphs/signals/reviews/summarize-reviews.js";

const WINDOW = { from: "2026-01", until: "2026-05" };
const NOW = new Date("2026-04-20T00:00:00Z");

function row(month: string, rest: Partial<ReviewMonthRow> = {}): ReviewMonthRow {
  return {
    platform: "site",
    month,
    stars1: 0,
    stars2: 0,
    stars3: 0,
    stars4: 0,
    stars5: 0,
    replied: 0,
    deleted: 0,
    ...rest,
  };
}

function rollup(months: readonly ReviewMonthRow[], rest: Partial<ReviewRollup> = {}): ReviewRollup {
  return { months, weeks: [], replies: [], priors: [], ...rest };
}

describe("the review profile", () => {
  it("gives scores and shares from thirty reviews on, and counts always", () => {
    const enough = summarizeReviews(
      rollup([row("2026-01", { stars1: 3, stars5: 27, deleted: 2 })]),
      WINDOW,
      NOW,
    );
    expect(enough.reviewCount).toMatchObject({
      value: 30,
      n: 30,
      coverage: 0.25,
      unit: "review",
      formula: "reviewCount/1",
      asOf: NOW,
    });
    expect(enough.negativeShare).toMatchObject({ value: 0.1, reason: null });
    expect(enough.negativeShare.confidence?.low).toBeCloseTo(0.0346, 4);
    expect(enough.reviewScoreBayes.value).toBeCloseTo((50 * 4 + 138) / 80, 12);
    expect(enough.reviewDeletedCount.value).toBe(2);

    const few = summarizeReviews(rollup([row("2026-01", { stars1: 3, stars5: 26 })]), WINDOW, NOW);
    expect(few.reviewCount.value).toBe(29);
    expect(few.negativeShare).toMatchObject({
      value: null,
      confidence: null,
      reason: "SAMPLE_TOO_SMALL",
      n: 29,
    });
    expect(few.reviewScoreBayes).toMatchObject({ value: null, reason: "SAMPLE_TOO_SMALL" });
    expect(few.months[0]).toMatchObject({ month: "2026-01", count: 29, mean: null, negative: 3 });
  });

  it("judges each platform by its own reviews", () => {
    const rows = [row("2026-01", { stars5: 40 }), row("2026-02", { platform: "other", stars1: 10 })];
    const { platforms, reviewCount } = summarizeReviews(rollup(rows), WINDOW, NOW);
    expect(reviewCount).toMatchObject({ value: 50, sources: ["other", "site"], coverage: 0.5 });
    expect(platforms.map(({ platform, stars }) => [platform, stars])).toEqual([
      ["site", [0, 0, 0, 0, 40]],
      ["other", [10, 0, 0, 0, 0]],
    ]);
    expect(platforms[1]?.negativeShare).toMatchObject({
      value: null,
      reason: "SAMPLE_TOO_SMALL",
      sources: ["other"],
      coverage: 0.25,
    });
  });

  it("gives a trend from eight weeks and thirty reviews on", () => {
    const weeks = Array.from({ length: 8 }, (_, week) => ({ week, reviews: 4, stars: 4 * (3 + week / 10) }));
    const months = [row("2026-01", { stars3: 32 })];
    expect(summarizeReviews(rollup(months, { weeks }), WINDOW, NOW).reviewTrend.value).toBeCloseTo(0.1, 9);
    const seven = weeks.slice(1).map((week) => ({ ...week, reviews: 8 }));
    expect(summarizeReviews(rollup(months, { weeks: seven }), WINDOW, NOW).reviewTrend).toMatchObject({
      value: null,
      reason: "INSUFFICIENT_HISTORY",
    });
    const thin = weeks.map((week) => ({ ...week, reviews: 3 }));
    expect(summarizeReviews(rollup(months, { weeks: thin }), WINDOW, NOW).reviewTrend).toMatchObject({
      value: null,
      reason: "SAMPLE_TOO_SMALL",
      n: 24,
    });
  });

  it("says nothing without a source, not even zero", () => {
    const { reviewCount, reviewTrend, months } = summarizeReviews(rollup([]), WINDOW, NOW);
    expect(reviewCount).toMatchObject({ value: null, reason: "NO_SOURCE", n: 0, verification: 0 });
    expect(reviewTrend.reason).toBe("NO_SOURCE");
    expect(months.map(({ month }) => month)).toEqual(["2026-01", "2026-02", "2026-03", "2026-04"]);
  });
});
