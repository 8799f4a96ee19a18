import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importOlist } from "../../scripts/import/olist/import-command.js";
import { olistMerchantId } from "../../scripts/import/olist/map-accounts.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";
import {
  hasOlistSample,
  largestOlistSellers,
  OLIST_SAMPLE,
  type OracleSeller,
} from "../support/olist-oracle.js";

const WINDOW = 'window: { from: "2016-09", until: "2018-11" }';
const FILE = `{
  me {
    identity { accounts { platform sellerId } }
    transactions(${WINDOW}) {
      gmvGross { amount { minor currency } } gmvPaid { amount { minor currency } n } orderCount { value } createdOrderCount { value }
      averageOrderValue { amount { minor } } medianOrderValue { amount { minor } }
      months { month orderCount gmvPaid { minor } }
      buyerRepeatRate { value n }
      concentration { dimension keyCount topNShare(n: 1) { value } }
    }
    logistics(${WINDOW}) { onTimeShipRate { value n } onTimeDeliveryRate { value n } payToShip { p50 p90 n } shipToDeliver { p50 p90 n } }
    reviews(${WINDOW}) { reviewCount { value } negativeShare { value confidence { low high } n } }
  }
}`;

describe.skipIf(!hasOlistSample)(
  "the Olist sample, imported over HTTP (skipped where the data is absent)",
  () => {
    let bureau: TestBureau;
    let output = "";
    let code: number;

    beforeAll(async () => {
      bureau = await startTestBureau();
      const url = await bureau.gateway.app.listen({ host: "127.0.0.1", port: 0 });
      const token = await bureau.token({ party: "platform", id: "olist" });
      const sink = { write: (text: string) => ((output += text), true), isTTY: false };
      code = await importOlist([OLIST_SAMPLE, "--url", url, "--token", token], {
        stdout: sink,
        stderr: sink,
        signal: new AbortController().signal,
      } as never);
    }, 240_000);
    afterAll(async () => bureau.close());

    it("lands whole and reconciles to the cent", () => {
      expect(output).toContain("reconciliation");
      expect(code).toBe(0);
    });

    const sellers = hasOlistSample ? largestOlistSellers() : [];

    it.each(sellers.map((seller) => [seller.sellerId, seller] as const))(
      "gives seller %s the profile that the tables give it",
      async (_id, seller: OracleSeller) => {
        const token = await bureau.token({ party: "merchant", id: olistMerchantId(seller.sellerId) });
        const { data, errors } = await bureau.graphql(token, FILE);
        expect(errors).toEqual([]);
        const { transactions, logistics, reviews, identity } = data.me;
        expect(identity.accounts).toEqual([{ platform: "olist", sellerId: seller.sellerId }]);
        expect(transactions.gmvGross.amount).toEqual({ minor: seller.gmvGrossMinor, currency: "BRL" });
        expect(transactions.gmvPaid.amount).toEqual({ minor: seller.gmvPaidMinor, currency: "BRL" });
        expect(transactions.orderCount.value).toBe(seller.orderCount);
        expect(transactions.createdOrderCount.value).toBe(seller.createdCount);
        expect(transactions.averageOrderValue.amount.minor).toBe(Math.round(seller.averageOrderValueMinor));
        expectSketch(
          transactions.medianOrderValue.amount?.minor,
          seller.medianOrderValueLowMinor,
          seller.orderCount,
        );
        const months = transactions.months.filter((row: { orderCount: number }) => row.orderCount > 0);
        expect(
          months.map((row: { month: string; orderCount: number; gmvPaid: { minor: number } }) => ({
            month: row.month,
            orderCount: row.orderCount,
            gmvPaidMinor: row.gmvPaid.minor,
          })),
        ).toEqual(seller.months);
        expectRate(transactions.buyerRepeatRate, seller.buyerRepeatRate, seller.buyerCount);
        const products = transactions.concentration.find(
          (row: { dimension: string }) => row.dimension === "PRODUCT",
        );
        expect(products.topNShare.value).toBeCloseTo(seller.topProductShare, 1.8);
        expectRate(logistics.onTimeShipRate, seller.onTimeShipRate, seller.shippedCount);
        expectRate(logistics.onTimeDeliveryRate, seller.onTimeDeliveryRate, seller.deliveredCount);
        for (const step of ["payToShip", "shipToDeliver"] as const) {
          expect(logistics[step].n).toBe(seller[step].n);
          for (const quantile of ["p50", "p90"] as const)
            expectSketch(logistics[step][quantile], seller[step][quantile], seller[step].n);
        }
        expect(reviews.reviewCount.value).toBe(seller.reviewCount);
        expectRate(reviews.negativeShare, seller.reviewNegativeShare, seller.reviewCount);
      },
    );
  },
);

/** Exact where the sample allows a rate at all; below 30 observations there is none, and the count is still right. */
function expectRate(metric: { value: number | null; n: number }, value: number, n: number): void {
  expect(metric.n).toBe(n);
  if (n < 30) expect(metric.value).toBeNull();
  else expect(metric.value).toBeCloseTo(value, 9);
}

/** Within the 0.5 % that the sketch promises. */
function expectSketch(found: number | null | undefined, value: number, n: number): void {
  if (n < 30) return expect(found ?? null).toBeNull();
  expect(Math.abs((found ?? 0) / value - 1)).toBeLessThan(0.0051);
}
