import { describe, expect, it } from "vitest";
import { growthMoM, growthYoY } from "../../../../subgraphs/transactions/measures/growth.js";
import { seasonalityIndex } from "../../../../subgraphs/transactions/measures/seasonality.js";
import {
  activeMonthRatio,
  maxDrawdown,
  tenureDays,
  volatilityCv,
  zeroSaleDays,
} from "../../../../subgraphs/transactions/measures/variability.js";
import { frame, nets, row } from "../frames.js";

const HISTORY = { window: { from: "2021-12", until: "2026-12" } };

describe("Growth", () => {
  it("compares the last two complete months and leaves the current one out", () => {
    const f = frame(nets("2026-08", [100, 200, 250, 3]));
    expect(growthMoM(f, f)).toMatchObject({ value: 0.25, formula: "growthMoM/1 raw" });
  });

  it("takes the season out where 24 months are open", () => {
    const year = [50, 100, 100, 100, 100, 100, 100, 100, 100, 100, 150, 100];
    const history = frame(nets("2024-11", [150, 100, ...year, ...year.slice(0, 10)]), HISTORY);
    // October over September, both of index 1.
    expect(growthMoM(frame(history.rows.slice(-12)), history)).toMatchObject({
      value: expect.closeTo(0, 9),
      formula: "growthMoM/1 deseasonalised",
    });
    const indices = seasonalityIndex(history).map(({ value }) => value);
    expect(indices.map((index) => index?.toFixed(2))).toEqual([
      "0.50",
      "1.00",
      "1.00",
      "1.00",
      "1.00",
      "1.00",
      "1.00",
      "1.00",
      "1.00",
      "1.00",
      "1.50",
      "1.00",
    ]);
  });

  it("is year on year over two whole years, or one month against its like", () => {
    const whole = frame(
      nets("2024-11", [
        ...Array.from({ length: 12 }, () => 100),
        ...Array.from({ length: 12 }, () => 130),
        9,
      ]),
      HISTORY,
    );
    expect(growthYoY(whole)).toMatchObject({
      value: expect.closeTo(0.3, 9),
      formula: "growthYoY/1 deseasonalised",
    });
    const short = frame(nets("2025-10", [100, ...Array.from({ length: 11 }, () => 7), 150, 9]), HISTORY);
    expect(growthYoY(short)).toMatchObject({ value: 0.5, formula: "growthYoY/1 raw" });
  });

  it("is null without a month to compare with", () => {
    const f = frame(nets("2026-10", [100, 3]));
    expect(growthMoM(f, f)).toMatchObject({ value: null, reason: "INSUFFICIENT_HISTORY" });
    expect(growthYoY(f)).toMatchObject({ value: null, reason: "INSUFFICIENT_HISTORY" });
    expect(seasonalityIndex(f)).toHaveLength(12);
    expect(seasonalityIndex(f)[0]).toMatchObject({ value: null, reason: "INSUFFICIENT_HISTORY" });
  });
});

describe("Variability", () => {
  it("is the sample deviation over the mean: 100, 200, 300 give 0.5", () => {
    expect(volatilityCv(frame(nets("2026-08", [100, 200, 300, 1])))).toMatchObject({ value: 0.5 });
    expect(volatilityCv(frame(nets("2026-09", [100, 200, 1])))).toMatchObject({
      value: null,
      reason: "INSUFFICIENT_HISTORY",
    });
  });

  it("finds the worst fall after a peak, an empty month being a fall to nothing", () => {
    expect(maxDrawdown(frame(nets("2026-06", [100, 400, 300, 500, 250, 1]))).value).toBe(0.5);
    expect(maxDrawdown(frame([...nets("2026-06", [100]), ...nets("2026-08", [100])])).value).toBe(1);
  });

  it("counts days without sales up to yesterday", () => {
    const f = frame(nets("2026-11", [100]));
    expect(zeroSaleDays(f, { days: 10, firstDay: "2026-11-03" })).toMatchObject({
      value: 10,
      n: 20,
      unit: "day",
    });
    expect(zeroSaleDays(f, { days: 0, firstDay: null })).toMatchObject({
      value: null,
      reason: "INSUFFICIENT_HISTORY",
    });
  });

  it("counts active months of the complete ones", () => {
    expect(activeMonthRatio(frame(nets("2026-05", [1, 1, 1]))).value).toBeCloseTo(3 / 11, 9);
  });

  it("dates tenure from the first settled order", () => {
    const rows = [
      row("2026-10", { settlements: 1, firstSettledDay: "2026-10-24" }),
      row("2026-11", { settlements: 2, firstSettledDay: "2026-11-02" }),
    ];
    expect(tenureDays(frame(rows))).toMatchObject({ value: 30, n: 3, unit: "day" });
    expect(tenureDays(frame([row("2026-10")]))).toMatchObject({ value: null, reason: "NO_SOURCE" });
  });
});
