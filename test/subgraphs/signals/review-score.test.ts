import { describe, expect, it } from "vitest";
import {
  negativeShare,
  PRIOR_DEFAULT,
  priorMean,
  reviewScoreBayes,
  type Stars,
  wilsonInterval,
} from "../../../subgraphs/signals/reviews/review-score.js";

const PRIOR = { platform: "site", merchants: 10, reviews: 1_000, stars: 4_200 };

describe("the share of negative reviews", () => {
  it("counts one and two stars, and has the Wilson interval of 95 %", () => {
    const { share, bounds } = negativeShare([3, 2, 5, 30, 60]);
    expect(share).toBeCloseTo(0.05, 12);
    expect(bounds.low).toBeCloseTo(0.0215, 4);
    expect(bounds.high).toBeCloseTo(0.1118, 4);
  });

  it("never leaves 0 to 1, and knows nothing without trials", () => {
    expect(wilsonInterval(0, 40).low).toBe(0);
    expect(wilsonInterval(0, 40).high).toBeGreaterThan(0);
    expect(wilsonInterval(40, 40).high).toBe(1);
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe("the Bayesian score", () => {
  it("is (C m + sum r) / (C + n) with C = 50 and the platform's mean", () => {
    const stars: Stars = [0, 0, 0, 0, 50];
    expect(reviewScoreBayes(new Map([["site", stars]]), [PRIOR])).toBeCloseTo((50 * 4.2 + 250) / 100, 12);
  });

  it("weights the priors of several platforms by the merchant's own reviews there", () => {
    const byPlatform = new Map<string, Stars>([
      ["site", [0, 0, 0, 0, 30]],
      ["other", [10, 0, 0, 0, 0]],
    ]);
    const other = { platform: "other", merchants: 20, reviews: 100, stars: 300 };
    const mean = (30 * 4.2 + 10 * 3) / 40;
    expect(reviewScoreBayes(byPlatform, [other, PRIOR])).toBeCloseTo((50 * mean + 160) / 90, 12);
  });

  it("takes the default prior where fewer than ten merchants would show through the platform's mean", () => {
    expect(priorMean(PRIOR)).toBeCloseTo(4.2, 12);
    expect(priorMean({ ...PRIOR, merchants: 9 })).toBe(PRIOR_DEFAULT);
    expect(priorMean(undefined)).toBe(PRIOR_DEFAULT);
    expect(reviewScoreBayes(new Map(), [PRIOR])).toBe(PRIOR_DEFAULT);
  });
});
