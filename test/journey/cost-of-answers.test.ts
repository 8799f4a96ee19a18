import { randomInt } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateMarket } from "../../scripts/market.js";
import { seedMarket } from "../../scripts/market/seed-market.js";
import { bankToken, grant } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";
import { tape, writeOperation } from "../support/random-operation.js";

const SEED = randomInt(2 ** 31);
const RUNS = 60;

let bureau: TestBureau;
let merchants: readonly string[];

beforeAll(async () => {
  bureau = await startTestBureau();
  const until = bureau.clock.now();
  const market = generateMarket({ seed: 11, merchants: 4, months: 14, orders: 600, until });
  await seedMarket(market, bureau.intakes, () => {});
  merchants = market.merchants.map(({ merchantId }) => merchantId);
  for (const merchant of merchants.slice(1)) await grant(bureau, merchant);
}, 240_000);
afterAll(async () => bureau.close());

const months = ["2025-01", "2026-06"];

/** Everything that one asker may ask, so that most of it is answered; what is refused costs nothing. */
async function answers(roots: readonly string[], token: string): Promise<{ largest: number }> {
  const schema = bureau.gateway.federation.apiSchema;
  // One operation asks about a merchant under one purpose and reference only.
  const inquiry = (id: string): object => ({ id, purpose: "PRE_LOAN_ASSESSMENT", reference: "R-1" });
  const values = {
    "inquiries[]": [merchants.map(inquiry), merchants.slice(1).map(inquiry), []],
    MerchantId: merchants,
    Purpose: ["PRE_LOAN_ASSESSMENT"],
    reference: ["R-1"],
    first: [20, 1, 100],
    after: [null],
    n: [1, 10],
    months: [12, 36, 1],
    from: months,
    until: months.toReversed(),
    currency: ["CNY"],
    ID: ["0199f000-0000-7000-8000-000000000000"],
  };
  let largest = 0;
  await fc.assert(
    fc.asyncProperty(tape(), async (choices) => {
      const { query, variables } = writeOperation(choices, { schema, values, roots });
      const reply = await bureau.graphql(token, query, { ...variables });
      const codes = reply.errors.map(({ extensions }) => extensions["code"]);
      expect(codes).not.toContain("INTERNAL_SERVER_ERROR");
      expect(codes).not.toContain("GRAPHQL_VALIDATION_FAILED");
      fc.pre(reply.status === 200);
      const { estimated, actual } = reply.extensions["cost"];
      expect(actual).toBeLessThanOrEqual(estimated);
      largest = Math.max(largest, actual);
    }),
    { seed: SEED, numRuns: RUNS },
  );
  return { largest };
}

describe("what answers cost", () => {
  it(`Q3: is never more than was estimated, for a bank's random operations on real data (seed ${SEED})`, async () => {
    const { largest } = await answers(["merchant", "merchants"], await bankToken(bureau));
    expect(largest).toBeGreaterThan(100);
  }, 120_000);

  it(`Q3: is never more than was estimated, for a merchant's own (seed ${SEED})`, async () => {
    const token = await bureau.token({ party: "merchant", id: merchants[1] ?? "" });
    const { largest } = await answers(["me", "inquiries", "consents", "consentRequests"], token);
    expect(largest).toBeGreaterThan(100);
  }, 120_000);

  it("never came to more than was charged", () => {
    expect(bureau.errors.filter((error) => String(error).includes("more than estimated"))).toEqual([]);
  });
});
