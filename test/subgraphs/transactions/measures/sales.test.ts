import { describe, expect, it } from "vitest";
import { refundRateAmount, refundRateCount } from "../../../../subgraphs/transactions/measures/refunds.js";
import {
  averageOrderValue,
  cancelRatePreShip,
  gmvPaid,
  netSales,
} from "../../../../subgraphs/transactions/measures/sales.js";
import { wilson } from "../../../../subgraphs/transactions/measures/wilson.js";
import { frame, matured, row } from "../frames.js";

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
