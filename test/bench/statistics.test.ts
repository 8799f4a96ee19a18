import { describe, expect, it } from "vitest";
import { median, quantileOf, randomFrom, spreadOf } from "./statistics.js";

describe("the statistics of benchmarks", () => {
  it("take the lower of two middles, whatever the order", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2);
    expect(median([])).toBe(0);
  });

  it("find a quantile by nearest rank and never beyond the ends", () => {
    const sorted = Array.from({ length: 101 }, (_, i) => i);
    expect([0, 0.5, 0.99, 1].map((share) => quantileOf(sorted, share))).toEqual([0, 50, 99, 100]);
    expect(quantileOf([], 0.5)).toBe(0);
  });

  it("tell half of the range as a share of the median, and nothing of one value", () => {
    expect(spreadOf([90, 100, 110])).toBeCloseTo(0.1);
    expect(spreadOf([7])).toBe(0);
    expect(spreadOf([0, 0])).toBe(0);
  });

  it("draw the same numbers for the same seed, within the bound", () => {
    const draw = (seed: number): number[] => {
      const random = randomFrom(seed);
      return Array.from({ length: 50 }, () => random(10));
    };
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(6));
    expect(draw(3).every((value) => value >= 0 && value < 10)).toBe(true);
  });
});
