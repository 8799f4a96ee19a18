import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  mondayOf,
  reviewTrend,
  theilSen,
  trendStart,
  weekOf,
} from "../../../subgraphs/signals/reviews/review-trend.js";

describe("the trend of reviews", () => {
  it("finds the slope of a line in spite of a wild week", () => {
    const weeks = Array.from({ length: 26 }, (_, week) => ({
      week,
      reviews: 10,
      stars: 10 * (3 + 0.05 * week),
    }));
    weeks[13] = { week: 13, reviews: 1, stars: 1 };
    const trend = reviewTrend(weeks);
    expect(trend?.slope).toBeCloseTo(0.05, 6);
    expect(trend?.bounds.low).toBeGreaterThan(0);
    expect((trend?.bounds.low ?? 1) <= 0.05 + 1e-9 && 0.05 - 1e-9 <= (trend?.bounds.high ?? 0)).toBe(true);
  });

  it("leaves out weeks without reviews", () => {
    const weeks = [
      { week: 1, reviews: 2, stars: 8 },
      { week: 2, reviews: 0, stars: 0 },
      { week: 3, reviews: 1, stars: 5 },
    ];
    expect(reviewTrend(weeks)?.slope).toBeCloseTo(0.5, 12);
  });

  it("has no slope without two weeks", () => {
    expect(reviewTrend([{ week: 1, reviews: 9, stars: 40 }])).toBeUndefined();
    expect(theilSen([])).toBeUndefined();
  });

  it("gives Sen's interval: ranks 3 and 42 of 45 slopes with ten points", () => {
    // Ten points on i^2 have the 45 slopes i + j; Kendall's deviation for n = 10 is sqrt(125) = 11.18, times 1.96 is 21.9.
    const points = Array.from({ length: 10 }, (_, i) => ({ x: i, y: i * i }));
    const slopes = points.flatMap((a, i) => points.slice(i + 1).map((b) => a.x + b.x)).sort((a, b) => a - b);
    const trend = theilSen(points);
    expect(trend?.slope).toBe(slopes[22]);
    expect(trend?.bounds).toEqual({
      low: slopes[Math.floor((45 - 21.913) / 2) - 1],
      high: slopes[Math.ceil((45 + 21.913) / 2)],
    });
  });

  it("lies within its own interval and turns with the sign of the series", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 10, max: 50 }), { minLength: 2, maxLength: 26 }), (means) => {
        const points = means.map((mean, x) => ({ x, y: mean / 10 }));
        const trend = theilSen(points);
        const turned = theilSen(points.map(({ x, y }) => ({ x, y: -y })));
        if (trend === undefined || turned === undefined) throw new Error("two points have a slope");
        expect(trend.bounds.low).toBeLessThanOrEqual(trend.slope);
        expect(trend.bounds.high).toBeGreaterThanOrEqual(trend.slope);
        expect(turned.slope).toBeCloseTo(-trend.slope, 9);
      }),
    );
  });

  it("starts on the Monday 26 weeks back, from the window's end or from today", () => {
    expect(weekOf(mondayOf(100))).toBe(100);
    expect(weekOf(mondayOf(100) - 1)).toBe(99);
    // 2026-11-23 is a Monday: the 26th week counts from it.
    expect(trendStart("2026-12", new Date("2026-11-23T04:00:00Z"))).toBe("2026-06-01");
    expect(trendStart("2026-12", new Date("2026-11-22T15:59:59Z"))).toBe("2026-05-25");
    expect(trendStart("2026-12", new Date("2026-11-22T16:00:00Z"))).toBe("2026-06-01");
    expect(trendStart("2026-02", new Date("2026-11-23T04:00:00Z"))).toBe("2025-08-04");
  });
});
