import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateMarket, type Market } from "../../scripts/market.js";
import { seedMarket } from "../../scripts/market/seed-market.js";
import { bankToken, grant } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

const PORTFOLIO = `query($inquiries: [InquiryInput!]!) {
  merchants(inquiries: $inquiries) {
    id
    identity { legalName accounts { platform } }
    transactions(window: { months: 12 }) { netSales { amount { minor } n } medianOrderValue { amount { minor } n } months { month } }
    settlements(window: { months: 12 }) { settledRevenue { amount { minor } } cashConversionDays { value n } }
    logistics(window: { months: 12 }) { onTimeShipRate { value n } }
    reviews(window: { months: 12 }) { reviewScoreBayes { value n } }
    social(window: { months: 12 }) { followers { value } }
  }
}`;

let bureau: TestBureau;
let market: Market;

beforeAll(async () => {
  bureau = await startTestBureau();
  market = generateMarket({ seed: 7, merchants: 100, months: 6, orders: 2_000, until: bureau.clock.now() });
  await seedMarket(market, bureau.intakes, () => {});
  for (const merchant of market.merchants) await grant(bureau, merchant.merchantId);
}, 240_000);
afterAll(async () => bureau.close());

async function statementsFor(
  count: number,
): Promise<{ statements: number; reply: Awaited<ReturnType<TestBureau["graphql"]>> }> {
  const inquiries = market.merchants
    .slice(0, count)
    .map(({ merchantId }) => ({ id: merchantId, purpose: "PRE_LOAN_ASSESSMENT", reference: "P-1" }));
  bureau.statements.length = 0;
  const reply = await bureau.graphql(await bankToken(bureau), PORTFOLIO, { inquiries });
  return { statements: bureau.statements.length, reply };
}

describe("a portfolio", () => {
  it("of 100 costs the same number of SQL statements as one of 1 or 10", async () => {
    await statementsFor(1);
    const counts = [];
    for (const size of [1, 10, 100]) {
      const { statements, reply } = await statementsFor(size);
      expect(reply.errors).toEqual([]);
      expect(reply.data.merchants).toHaveLength(size);
      expect(reply.data.merchants.every((merchant: { id: string } | null) => merchant !== null)).toBe(true);
      counts.push(statements);
    }
    expect(new Set(counts).size).toBe(1);
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[0]).toBeLessThan(40);
  });

  it("gives each merchant its own inquiry, receipt and decision", async () => {
    const { reply } = await statementsFor(100);
    const inquiries = reply.extensions["inquiries"];
    expect(new Set(inquiries.map((inquiry: { id: string }) => inquiry.id)).size).toBe(100);
    expect(
      inquiries.every(
        (inquiry: { decision: string; receipt: object | null }) =>
          inquiry.decision === "GRANTED" && inquiry.receipt !== null,
      ),
    ).toBe(true);
  });
});
