import { describe, expect, it } from "vitest";
import { randomFrom } from "../bench/existence-oracle/population.js";
import { mannWhitney, quantile } from "./mann-whitney.js";

const random = randomFrom(7);
const uniform = (size: number, shift = 0) =>
  Array.from({ length: size }, () => random(1_000_000) / 1e6 + shift);

describe("the rank test", () => {
  it("agrees with worked examples, ties and all", () => {
    // U is 17 of 20, counted by hand; z = (7 - 0.5) / sqrt(20 * 10 / 12), so p = 0.1113.
    const first = [19, 22, 16, 29, 24];
    const second = [20, 11, 17, 12];
    expect(mannWhitney(first, second).auc).toBe(17 / 20);
    expect(mannWhitney(first, second).p).toBeCloseTo(0.1113, 3);
    expect(mannWhitney([1, 2, 2, 3], [2, 3, 4, 4]).auc).toBe(2.5 / 16);
  });

  it("says of equal samples that nothing tells them apart, in either order", () => {
    const sample = uniform(200);
    for (const { auc, p } of [mannWhitney(sample, sample), mannWhitney([3, 3, 3], [3, 3])]) {
      expect(auc).toBe(0.5);
      expect(p).toBeCloseTo(1, 6);
    }
    const [a, b] = [uniform(50), uniform(60)];
    expect(mannWhitney(a, b).auc + mannWhitney(b, a).auc).toBeCloseTo(1, 12);
    expect(mannWhitney(a, b).p).toBeCloseTo(mannWhitney(b, a).p, 12);
  });

  it("finds a shift of a twentieth of the spread in two thousand values, and seldom one that is not there", () => {
    expect(mannWhitney(uniform(2_000), uniform(2_000, 0.05)).p).toBeLessThan(0.001);
    const alarms = Array.from({ length: 200 }, () => mannWhitney(uniform(100), uniform(100)).p).filter(
      (p) => p < 0.05,
    );
    expect(alarms.length).toBeGreaterThan(0);
    expect(alarms.length).toBeLessThan(25);
  });

  it("knows the middle of a sample", () => {
    expect(quantile([5, 1, 3, 2, 4], 0.5)).toBe(3);
    expect(quantile([1, 2], 0.99)).toBe(2);
  });
});
