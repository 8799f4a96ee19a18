import { describe, expect, it } from "vitest";
import {
  buyerRepeatRate,
  concentrationHhi,
  normalizedHhi,
  platformSpread,
  topShare,
} from "../../../../subgraphs/transactions/measures/concentration.js";
import { frame, row } from "../frames.js";

describe("Concentration", () => {
  const spread = {
    dimension: "BUYER" as const,
    keys: 3,
    orders: 60,
    repeatKeys: 1,
    hhi: 0.38,
    top: [0.5, 0.3, 0.2],
  };
  const f = frame([row("2026-10", { paidOrders: 60, paidMinor: 100 })]);

  it("is 0.38 for shares of .5, .3 and .2", () => {
    expect(concentrationHhi(f, spread)).toMatchObject({ value: 0.38, n: 60 });
    expect(normalizedHhi(f, spread).value).toBeCloseTo((0.38 - 1 / 3) / (2 / 3), 9);
    expect(topShare(f, spread, 2).value).toBeCloseTo(0.8, 9);
  });

  it("over platforms comes from the months", () => {
    const rows = [
      row("2026-09", { paidOrders: 20, paidMinor: 50 }),
      row("2026-10", { platform: "b", paidOrders: 20, paidMinor: 30 }),
      row("2026-10", { platform: "c", paidOrders: 20, paidMinor: 20 }),
    ];
    expect(concentrationHhi(frame(rows), platformSpread(frame(rows))).value).toBeCloseTo(0.38, 9);
  });

  it("has no value where no key is known, nor a repeat rate below 30 buyers", () => {
    expect(concentrationHhi(f, undefined)).toMatchObject({ value: null, reason: "NO_SOURCE" });
    expect(buyerRepeatRate(f, spread)).toMatchObject({ value: null, reason: "SAMPLE_TOO_SMALL", n: 3 });
    expect(buyerRepeatRate(f, { ...spread, keys: 40, repeatKeys: 10 })).toMatchObject({ value: 0.25, n: 40 });
  });
});
