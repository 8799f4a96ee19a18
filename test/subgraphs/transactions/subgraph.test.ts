import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refreshPlatformPriors } from "../../../subgraphs/transactions/index.js";
import { HOME, sell } from "./sell.js";
import { merchantOf } from "./sellers.js";
import { openStage, type Stage } from "./stage.js";

const NOW = "2026-11-23T04:00:00Z";
const SELECTION = `transactions(window: { months: 12 }) {
    gmvPaid { amount { minor currency } n verification sources } medianOrderValue { amount { minor } }
    refundRateCount { value n } buyerRepeatRate { value n } growthYoY { formula reason } zeroSaleDays { value }
    months { month orderCount } platforms { platform share } concentration { dimension keyCount topNShare(n: 2) { value } }
  }
  settlements(window: { months: 12 }) { settledRevenue { amount { minor } } receivables { state amount { amount { minor } } } expectedCollectible { amount { minor } } payToShip { p50 } }
  logistics(window: { months: 12 }) { onTimeShipRate { value n } validTrackingRate { value } }`;

// Answers are looked into freely; a wrong path is a failing test.
type Answer = any; // oxlint-disable-line no-explicit-any

let stage: Stage;

beforeAll(async () => {
  stage = await openStage(NOW);
});
afterAll(() => stage.close());

const entity = async (merchant: string, selection: string): Promise<Answer> => {
  const answer = await stage.ask([{ merchant }], selection);
  expect(answer.errors).toBeUndefined();
  return (answer.data as Answer)["_entities"][0];
};

describe("The transactions subgraph", () => {
  it("computes a merchant's profile from its records (P8)", async () => {
    const merchant = merchantOf(1);
    await sell(stage, { merchant, prefix: "a", count: 50, start: "2026-09-01T00:00:00Z" });
    const of = { sellerId: `s-${merchant}`, orderPlatform: HOME, currency: "CNY" };
    await stage.publish(
      HOME,
      "refund",
      [0, 1].map((i) => ({
        ...of,
        refundId: `a-${i}`,
        orderId: `a-${i}`,
        type: "REFUND_ONLY",
        amountMinor: 4_000,
        requestedAt: "2026-09-10T00:00:00Z",
        refundedAt: "2026-09-10T00:00:00Z",
      })),
    );
    await stage.publish(
      HOME,
      "settlement",
      Array.from({ length: 40 }, (_, i) => ({
        ...of,
        settlementId: `a-${i}`,
        orderId: `a-${i}`,
        grossMinor: 10_000,
        feeMinor: 200,
        settledAt: "2026-10-05T00:00:00Z",
      })),
    );
    const { transactions, settlements, logistics } = await entity(merchant, SELECTION);
    expect(transactions).toMatchObject({
      gmvPaid: {
        amount: { minor: 500_000, currency: "CNY" },
        n: 50,
        verification: 3,
        sources: [HOME, "yinlian-pay"],
      },
      refundRateCount: { value: 0.04, n: 50 },
      buyerRepeatRate: { value: 0.25, n: 40 },
      growthYoY: { formula: "growthYoY/1 raw", reason: "INSUFFICIENT_HISTORY" },
      months: [
        { month: "2026-09", orderCount: 50 },
        { month: "2026-10", orderCount: 0 },
      ],
      platforms: [{ platform: HOME, share: 1 }],
    });
    // 50 orders an hour apart from 08:00 on 1 September fill three days; 80 more until 22 November have none.
    expect(transactions.zeroSaleDays.value).toBe(80);
    expect(transactions.medianOrderValue.amount.minor / 10_000).toBeCloseTo(1, 2);
    expect(transactions.concentration.map((c: Answer) => [c.dimension, c.keyCount])).toEqual([
      ["BUYER", 40],
      ["PRODUCT", 1],
      ["REGION", 2],
      ["PLATFORM", 1],
    ]);
    expect(settlements.settledRevenue.amount.minor).toBe(400_000);
    expect(settlements.receivables.map((r: Answer) => r.amount.amount.minor)).toEqual([0, 0, 100_000, 0]);
    expect(settlements.payToShip.p50).toBeCloseTo(10, 1);
    expect(logistics).toMatchObject({
      onTimeShipRate: { value: 0.9, n: 50 },
      validTrackingRate: { value: 1 },
    });
  });

  it("counts the refunds of the publisher that reports the most, once", async () => {
    const merchant = merchantOf(2);
    const of = { sellerId: `s-${merchant}`, orderId: "b-1", currency: "CNY" };
    await stage.publish(HOME, "order", [
      { ...of, totalMinor: 9_000, createdAt: "2026-10-01T00:00:00Z", paidAt: "2026-10-01T00:00:00Z" },
    ]);
    const refund = {
      ...of,
      orderPlatform: HOME,
      type: "REFUND_ONLY",
      requestedAt: "2026-10-02T00:00:00Z",
      refundedAt: "2026-10-02T00:00:00Z",
    };
    await stage.publish(HOME, "refund", [{ ...refund, refundId: "b-1", amountMinor: 1_000 }]);
    await stage.publish("yinlian-pay", "refund", [{ ...refund, refundId: "b-1", amountMinor: 1_500 }]);
    const { transactions } = await entity(
      merchant,
      "transactions { returnsAmount { amount { minor } } netSales { amount { minor } } }",
    );
    expect(transactions).toEqual({
      returnsAmount: { amount: { minor: 1_500 } },
      netSales: { amount: { minor: 7_500 } },
    });
  });

  it("puts an order into the day of its own zone", async () => {
    const merchant = merchantOf(3);
    const order = {
      sellerId: `s-${merchant}`,
      currency: "BRL",
      totalMinor: 100,
      createdAt: "2026-10-01T01:00:00Z",
      paidAt: "2026-10-01T01:00:00Z",
    };
    await stage.publish(HOME, "order", [
      { ...order, orderId: "c-1", zone: "America/Sao_Paulo" },
      { ...order, orderId: "c-2" },
    ]);
    const { transactions } = await entity(
      merchant,
      "transactions { months { month orderCount gmvPaid { currency } } }",
    );
    expect(transactions.months.map((m: Answer) => [m.month, m.orderCount, m.gmvPaid.currency])).toEqual([
      ["2026-09", 1, "BRL"],
      ["2026-10", 1, "BRL"],
    ]);
  });

  it("does not add currencies unless one is asked for", async () => {
    const merchant = merchantOf(4);
    const order = {
      sellerId: `s-${merchant}`,
      createdAt: "2026-10-05T01:00:00Z",
      paidAt: "2026-10-05T01:00:00Z",
    };
    await stage.publish(HOME, "order", [
      { ...order, orderId: "d-1", currency: "CNY", totalMinor: 100 },
      { ...order, orderId: "d-2", currency: "USD", totalMinor: 7 },
    ]);
    const found = await entity(
      merchant,
      `both: transactions { gmvPaid { amount { minor } reason } orderCount { value } } usd: transactions(currency: "USD") { gmvPaid { amount { minor currency } } }`,
    );
    expect(found.both).toEqual({
      gmvPaid: { amount: null, reason: "MIXED_CURRENCY" },
      orderCount: { value: 2 },
    });
    expect(found.usd.gmvPaid.amount).toEqual({ minor: 7, currency: "USD" });
    const wrong = await stage.ask([{ merchant }], `transactions(currency: "usd") { gmvPaid { n } }`);
    expect(wrong.errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  });

  it("reads no month that the permit does not open, in windows and in histories (P4)", async () => {
    const merchant = merchantOf(5);
    await sell(stage, { merchant, prefix: "e", count: 40, start: "2025-06-10T00:00:00Z" });
    await sell(stage, { merchant, prefix: "f", count: 35, start: "2026-09-10T00:00:00Z" });
    const ask = async (from: string, until: string): Promise<Answer> => {
      const answer = await stage.ask(
        [{ merchant, months: { from, until } }],
        "transactions(window: { months: 36 }) { orderCount { value n reason window { from until } } monthsObserved { value } } settlements(window: { months: 36 }) { receivablesInTransit { n } }",
      );
      expect(answer.errors).toBeUndefined();
      return (answer.data as Answer)["_entities"][0];
    };
    const wide = await ask("2025-01", "2026-12");
    expect([
      wide.transactions.orderCount.value,
      wide.transactions.monthsObserved.value,
      wide.settlements.receivablesInTransit.n,
    ]).toEqual([75, 2, 75]);
    const narrow = await ask("2026-01", "2026-12");
    expect(narrow.transactions.orderCount).toMatchObject({
      value: 35,
      window: { from: "2026-01", until: "2026-12" },
    });
    expect([narrow.transactions.monthsObserved.value, narrow.settlements.receivablesInTransit.n]).toEqual([
      1, 35,
    ]);
    const nothing = await ask("2019-01", "2019-02");
    expect(nothing.transactions.orderCount).toMatchObject({ value: null, n: 0, reason: "NO_SOURCE" });
  });

  it("refuses what the permit does not open, category by category (P5)", async () => {
    const merchant = merchantOf(1);
    const answer = await stage.ask(
      [{ merchant, categories: ["LOGISTICS"] }],
      "transactions { orderCount { value } } settlements { fees { n } } logistics { onTimeShipRate { n } }",
    );
    expect((answer.data as Answer)["_entities"][0]).toMatchObject({
      transactions: null,
      settlements: null,
      logistics: { onTimeShipRate: { n: 50 } },
    });
    expect(answer.errors?.map(({ extensions }) => [extensions.code, extensions["category"]])).toEqual([
      ["PERMIT_INVALID", "TRANSACTIONS"],
      ["PERMIT_INVALID", "SETTLEMENTS"],
    ]);
    const none = await stage.ask([{ merchant: merchantOf(1) }], "id");
    expect((none.data as Answer)["_entities"]).toHaveLength(1);
  });

  it("costs the same number of statements for one merchant and for a hundred", async () => {
    const portfolio = Array.from({ length: 100 }, (_, i) => ({ merchant: merchantOf(i + 1) }));
    const count = async (grants: typeof portfolio): Promise<string[]> => {
      stage.statements.length = 0;
      const answer = await stage.ask(grants, SELECTION);
      expect(answer.errors).toBeUndefined();
      return [...stage.statements];
    };
    const one = await count(portfolio.slice(0, 1));
    const hundred = await count(portfolio);
    expect(one.length).toBeGreaterThan(0);
    expect(one.length).toBeLessThanOrEqual(12);
    expect(hundred).toEqual(one);
  });

  it("learns a platform's refund chances from five merchants or more, never from fewer", async () => {
    const clock = { now: () => new Date(NOW), monotonicMs: () => 0 };
    const priors = async () =>
      (
        await stage.postgres.pool.query(
          "select platform, merchants, delivered from transactions.platform_prior",
        )
      ).rows;
    await refreshPlatformPriors(stage.postgres, clock);
    expect(await priors()).toEqual([]);
    for (const n of [11, 12, 13])
      await sell(stage, {
        merchant: merchantOf(n),
        prefix: `p${n}`,
        count: 30,
        start: "2026-08-01T00:00:00Z",
      });
    await refreshPlatformPriors(stage.postgres, clock);
    // Merchants 1 and 5 (twice) and these three; merchant 1 was refunded 8,000 of 500,000 after delivery.
    expect(await priors()).toEqual([
      { platform: HOME, merchants: 5, delivered: expect.closeTo(0.016 / 5, 9) },
    ]);
  });
});
