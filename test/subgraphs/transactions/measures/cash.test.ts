import { describe, expect, it } from "vitest";
import {
  cashConversionDays,
  netSettled,
  platformDso,
} from "../../../../subgraphs/transactions/measures/cash.js";
import {
  expectedCollectible,
  receivablesInTransit,
  refundChance,
} from "../../../../subgraphs/transactions/measures/receivables.js";
import { frame, matured, row } from "../frames.js";

const PRIOR = { AWAITING_SHIP: 0.2, SHIPPED: 0.1, DELIVERED: 0.05, CONFIRMED: 0 };

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
