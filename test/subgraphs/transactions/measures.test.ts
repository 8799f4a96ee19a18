import { describe, expect, it } from "vitest";
import { bucketOf, bucketValue, ZERO_BUCKET } from "../../../subgraphs/transactions/facts/log-buckets.js";
import {
  cashConversionDays,
  netSettled,
  platformDso,
} from "../../../subgraphs/transactions/measures/cash.js";
import {
  buyerRepeatRate,
  concentrationHhi,
  normalizedHhi,
  platformSpread,
  topShare,
} from "../../../subgraphs/transactions/measures/concentration.js";
import { growthMoM, growthYoY } from "../../../subgraphs/transactions/measures/growth.js";
import { lateShipmentRate, onTimeShipRate } from "../../../subgraphs/transactions/measures/delivery.js";
import { leadTime } from "../../../subgraphs/transactions/measures/lead-times.js";
import {
  expectedCollectible,
  receivablesInTransit,
  refundChance,
} from "../../../subgraphs/transactions/measures/receivables.js";
import { refundRateAmount, refundRateCount } from "../../../subgraphs/transactions/measures/refunds.js";
import {
  averageOrderValue,
  cancelRatePreShip,
  gmvPaid,
  netSales,
} from "../../../subgraphs/transactions/measures/sales.js";
import { seasonalityIndex } from "../../../subgraphs/transactions/measures/seasonality.js";
import {
  activeMonthRatio,
  maxDrawdown,
  tenureDays,
  volatilityCv,
  zeroSaleDays,
} from "../../../subgraphs/transactions/measures/variability.js";
import { wilson } from "../../../subgraphs/transactions/measures/wilson.js";
import { frame, matured, nets, row } from "./frames.js";

const HISTORY = { window: { from: "2021-12", until: "2026-12" } };
const PRIOR = { AWAITING_SHIP: 0.2, SHIPPED: 0.1, DELIVERED: 0.05, CONFIRMED: 0 };

describe("Sales metrics", () => {
  const rows = [
    row("2026-09", {
      paidOrders: 40,
      paidMinor: 400_000,
      refundedOrders: 2,
      refundedMinor: 20_000,
      cancelledMinor: 10_000,
      preShipCancelledOrders: 3,
    }),
    row("2026-10", { paidOrders: 20, paidMinor: 200_000, paidSecondMinor: 200_000 }),
  ];

  it("subtract refunds and cancels from what was paid", () => {
    expect(netSales(frame(rows))).toMatchObject({
      amount: { minor: 570_000, currency: "CNY" },
      n: 60,
      basis: "COHORT",
      formula: "netSales/1",
      reason: null,
    });
    expect(averageOrderValue(frame(rows)).amount).toEqual({ minor: 10_000, currency: "CNY" });
  });

  it("say what they rest on", () => {
    expect(gmvPaid(frame(rows))).toMatchObject({
      coverage: 2 / 12,
      verification: 1,
      sources: ["taoyuan-market"],
      disputedShare: 0,
      window: { from: "2025-12", until: "2026-12" },
    });
  });

  it("reach level 2 and 3 only when most of the amount does", () => {
    const half = row("2026-09", { paidOrders: 1, paidMinor: 100, paidSecondMinor: 50 });
    expect(gmvPaid(frame([half])).verification).toBe(1);
    expect(gmvPaid(frame([{ ...half, paidSecondMinor: 51 }])).verification).toBe(2);
    expect(gmvPaid(frame([{ ...half, paidSecondMinor: 60, paidThirdMinor: 51 }])).verification).toBe(3);
  });

  it("give rates with Wilson's interval, and nothing below 30 orders", () => {
    expect(cancelRatePreShip(frame(rows))).toMatchObject({
      value: 0.05,
      n: 60,
      unit: "ratio",
      confidence: { low: expect.closeTo(0.0171, 3), high: expect.closeTo(0.137, 3) },
    });
    const few = [row("2026-09", { paidOrders: 29, paidMinor: 2_900 })];
    expect(cancelRatePreShip(frame(few))).toMatchObject({
      value: null,
      reason: "SAMPLE_TOO_SMALL",
      n: 29,
      confidence: null,
    });
    expect(averageOrderValue(frame(few))).toMatchObject({ amount: null, reason: "SAMPLE_TOO_SMALL" });
    expect(gmvPaid(frame(few)).amount).toEqual({ minor: 2_900, currency: "CNY" });
  });

  it("never add currencies, and are silent where no platform spoke", () => {
    const mixed = [...rows, row("2026-10", { currency: "USD", paidOrders: 1, paidMinor: 5 })];
    expect(gmvPaid(frame(mixed))).toMatchObject({ amount: null, reason: "MIXED_CURRENCY" });
    expect(gmvPaid(frame([]))).toMatchObject({
      amount: null,
      reason: "NO_SOURCE",
      n: 0,
      sources: [],
      coverage: 0,
      verification: 0,
    });
  });

  it("match the published Wilson interval of 5 in 100", () => {
    expect(wilson(5, 100)).toEqual({ low: expect.closeTo(0.0215, 4), high: expect.closeTo(0.1118, 4) });
  });
});

describe("Refund rates", () => {
  const f = frame([row("2026-09", { paidOrders: 100, paidMinor: 1_000_000 })]);

  it("rest on delivered, matured orders alone", () => {
    const cohorts = [
      matured({ orders: 50, amountMinor: 500_000, refundedOrders: 5, refundedMinor: 25_000 }),
      matured({
        outcome: "CLOSED",
        orders: 4,
        amountMinor: 40_000,
        refundedOrders: 4,
        refundedMinor: 40_000,
      }),
    ];
    expect(refundRateAmount(f, cohorts)).toMatchObject({ value: 0.05, n: 50 });
    expect(refundRateCount(f, cohorts)).toMatchObject({ value: 0.1, n: 50 });
  });

  it("say NOT_MATURED where no order is old enough", () => {
    expect(refundRateAmount(f, [])).toMatchObject({ value: null, reason: "NOT_MATURED" });
    expect(refundRateCount(f, [])).toMatchObject({ value: null, reason: "NOT_MATURED" });
  });
});

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

describe("Cash metrics", () => {
  const paid = row("2026-10", {
    paidOrders: 90,
    paidMinor: 900_000,
    settlements: 40,
    settledGrossMinor: 400_000,
    settledFeeMinor: 8_000,
    settledChargebackMinor: 2_000,
    settledWeight: 1_000,
    settledWeightSeconds: 1_000 * 86_400 * 7.5,
    recentNetMinor: 900_000,
    recentOrders: 90,
  });

  it("subtract fees and chargebacks from payouts", () => {
    expect(netSettled(frame([paid]))).toMatchObject({ amount: { minor: 390_000 }, basis: "CASH", n: 40 });
  });

  it("weigh days by amount", () => {
    expect(cashConversionDays(frame([paid]))).toMatchObject({ value: 7.5, unit: "day" });
    expect(cashConversionDays(frame([{ ...paid, settlements: 29 }]))).toMatchObject({
      value: null,
      reason: "SAMPLE_TOO_SMALL",
    });
  });

  it("divide receivables by the daily net sales of the last 90 days", () => {
    const open = [
      {
        platform: "taoyuan-market",
        currency: "CNY",
        state: "SHIPPED" as const,
        orders: 5,
        amountMinor: 150_000,
      },
    ];
    expect(platformDso(frame([paid]), open)).toMatchObject({ value: 15, basis: "STATE" });
    // Only 1 to 23 November is open: 23 days.
    expect(
      platformDso(frame([paid], { window: { from: "2026-11", until: "2026-12" } }), open).value,
    ).toBeCloseTo(150_000 / (900_000 / 23), 9);
  });
});

describe("Receivables", () => {
  const open = [
    {
      platform: "taoyuan-market",
      currency: "CNY",
      state: "AWAITING_SHIP" as const,
      orders: 2,
      amountMinor: 10_000,
    },
    {
      platform: "taoyuan-market",
      currency: "CNY",
      state: "CONFIRMED" as const,
      orders: 1,
      amountMinor: 5_000,
    },
  ];
  const f = frame([row("2026-10", { paidOrders: 3, paidMinor: 15_000 })]);

  it("add up by state", () => {
    expect(receivablesInTransit(f, open)).toMatchObject({ amount: { minor: 15_000 }, n: 3, basis: "STATE" });
    expect(receivablesInTransit(f, open, "CONFIRMED")).toMatchObject({ amount: { minor: 5_000 }, n: 1 });
  });

  it("take the platform's refund chances where the merchant has no history", () => {
    expect(
      expectedCollectible(f, open, { matured: [], priors: new Map([["taoyuan-market", PRIOR]]) }).amount
        ?.minor,
    ).toBe(13_000);
    // 10,000 x 0.9 + 5,000 x 0.98 with the cautious guess for an unknown platform.
    expect(expectedCollectible(f, open, { matured: [], priors: new Map() }).amount?.minor).toBe(13_900);
  });

  it("shrink the merchant's own chance with the weight of 30 orders", () => {
    // 70 orders of 100; K = 30 x 100. Lost from SHIPPED on: 500 + 200 of 7,000 - 1,000 owed.
    const own = [
      matured({
        orders: 70,
        amountMinor: 7_000,
        lostMinor: { AWAITING_SHIP: 1_000, SHIPPED: 500, DELIVERED: 200, CONFIRMED: 0 },
      }),
    ];
    expect(refundChance(own, "AWAITING_SHIP", PRIOR)).toBeCloseTo((1_700 + 600) / 10_000, 9);
    expect(refundChance(own, "SHIPPED", PRIOR)).toBeCloseTo((700 + 300) / 9_000, 9);
    expect(refundChance(own, "CONFIRMED", PRIOR)).toBe(0);
  });

  it("never expect more than is owed nor less than nothing", () => {
    const all = [
      matured({
        orders: 40,
        amountMinor: 100,
        lostMinor: { AWAITING_SHIP: 900, SHIPPED: 0, DELIVERED: 0, CONFIRMED: 0 },
      }),
    ];
    expect(refundChance(all, "AWAITING_SHIP", PRIOR)).toBe(1);
  });
});

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

describe("Shipping", () => {
  it("splits promised shipments into on time and late", () => {
    const f = frame([row("2026-10", { shipPromisedOrders: 50, shipOnTimeOrders: 48 })]);
    expect(onTimeShipRate(f).value).toBe(0.96);
    expect(lateShipmentRate(f).value).toBe(0.04);
  });

  it("gives lead times in hours, none below 30 orders", () => {
    const f = frame([row("2026-10", { shippedOrders: 50 })]);
    expect(
      leadTime(f, [{ measure: "PAY_TO_SHIP", n: 50, p50: 7_200, p90: 36_000 }], "PAY_TO_SHIP"),
    ).toMatchObject({ p50: 2, p90: 10, unit: "hour" });
    expect(
      leadTime(f, [{ measure: "PAY_TO_SHIP", n: 29, p50: 7_200, p90: 36_000 }], "PAY_TO_SHIP"),
    ).toMatchObject({ p50: null, reason: "SAMPLE_TOO_SMALL" });
  });

  it("keeps every value within 0.5 % of its bucket's", () => {
    for (const value of [1, 2, 59, 3_600, 86_399, 123_456_789, 9_000_000_000_000]) {
      expect(Math.abs(bucketValue(bucketOf(value)) - value) / value).toBeLessThanOrEqual(0.005 + 1e-9);
    }
    expect([bucketOf(0), bucketValue(ZERO_BUCKET)]).toEqual([ZERO_BUCKET, 0]);
  });
});
