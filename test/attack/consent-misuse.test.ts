import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, BOB, grant, MARKETPLACE, PROFILE } from "../support/actors.js";
import type { TestBureau } from "../support/bureau.js";
import { askFor, MISUSES, misuseAll, startMisusedBureau } from "./scenarios/misused-consent.js";

let bureau: TestBureau;
beforeAll(async () => {
  bureau = await startMisusedBureau();
});
afterAll(async () => bureau.close());

const ask = async (query: string, variables?: Record<string, unknown>) =>
  bureau.graphql(await bureau.token({ party: "bank", id: "demo-bank" }), query, variables);

describe("A2: a consent used otherwise than granted", () => {
  it("A2 opens to the bank and for the purpose that it names", async () => {
    const reply = await ask(PROFILE, { id: ALICE });
    expect(reply.errors).toEqual([]);
    expect(reply.data.merchant.identity.legalName).toBe("Alice Trading");
  });

  it.each(MISUSES.map((misuse) => [misuse.how, misuse] as const))(
    "A2 opens nothing %s",
    async (_how, misuse) => {
      const reply = await askFor(bureau, misuse);
      expect(reply.data).toEqual({ merchant: null });
      expect(reply.errors).toMatchObject([{ path: ["merchant"], extensions: { code: misuse.code } }]);
    },
  );

  it("A2 shows nothing of Alice in any of these answers", async () => {
    expect(await misuseAll(bureau)).toEqual([]);
  });

  it("A2 withholds a category that the token's authorization details leave out, and says so on aliases", async () => {
    const narrow = await bureau.token({ party: "bank", id: "demo-bank", categories: ["IDENTITY"] });
    const reply = await bureau.graphql(
      narrow,
      `{ m: merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { who: identity { legalName } sales: transactions { orderCount { value } } } }`,
    );
    expect(reply.data).toEqual({ m: { who: { legalName: "Alice Trading" }, sales: null } });
    expect(reply.errors).toMatchObject([
      { path: ["m", "sales"], extensions: { code: "SCOPE_NOT_AUTHORIZED", category: "TRANSACTIONS" } },
    ]);
  });

  it("A2 withholds a category that the merchant did not grant; the rest of the answer is whole", async () => {
    await grant(bureau, BOB, { categories: ["REVIEWS"] });
    const reply = await ask(PROFILE, { id: BOB });
    expect(reply.data.merchant).toMatchObject({
      id: BOB,
      identity: null,
      transactions: null,
      settlements: null,
      logistics: null,
      social: null,
    });
    expect(reply.data.merchant.reviews.reviewCount.value).toBe(1);
    expect(reply.errors.map((error) => [error.path?.join("."), error.extensions["code"]]).sort()).toEqual(
      ["identity", "logistics", "settlements", "social", "transactions"].map((field) => [
        `merchant.${field}`,
        "SCOPE_NOT_CONSENTED",
      ]),
    );
    for (const error of reply.errors)
      expect(error.extensions).toMatchObject({
        rule: expect.any(String),
        article: expect.any(String),
        fix: expect.any(String),
      });
  });

  it("A2 opens no month before the agreed ones, whichever window is asked for", async () => {
    const now = bureau.clock.now();
    const monthsAgo = (months: number) =>
      new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 15)).toISOString();
    const orders = [0, 1, 2, 3, 4].map((months) => ({
      orderId: `old-${months}`,
      sellerId: "alice-shop",
      buyerId: "buyer",
      currency: "CNY",
      totalMinor: 1_000,
      createdAt: monthsAgo(months + 2),
      paidAt: monthsAgo(months + 2),
    }));
    await bureau.publish(MARKETPLACE, "order", orders);
    await grant(bureau, ALICE, { bank: "near-bank", lookbackMonths: 3 });
    const near = await bureau.token({ party: "bank", id: "near-bank" });
    const from = monthsAgo(6).slice(0, 7);
    const until = monthsAgo(3).slice(0, 7);
    const reply = await bureau.graphql(
      near,
      `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") {
        wide: transactions(window: { months: 36 }) { months { month } orderCount { value } }
        early: transactions(window: { from: "${from}", until: "${until}" }) { months { month } orderCount { value } }
        growth: transactions(window: { months: 36 }) { monthsObserved { value } tenureDays { value } growthMoM { value } }
      } }`,
    );
    const opened = reply.extensions["inquiries"][0].months;
    const seen = [reply.data.merchant.wide, reply.data.merchant.early].flatMap(
      (part) => part?.months?.map(({ month }: { month: string }) => month) ?? [],
    );
    expect(opened).not.toBeNull();
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((month: string) => month < opened.from)).toEqual([]);
    expect(reply.data.merchant.growth.monthsObserved.value).toBeLessThanOrEqual(3);
  });

  it("A2 does not let a merchant, a platform or an officer ask as a bank", async () => {
    for (const party of ["merchant", "platform", "officer"] as const) {
      const reply = await bureau.graphql(
        await bureau.token({ party, id: party === "merchant" ? ALICE : "someone" }),
        PROFILE,
        { id: ALICE },
      );
      expect(reply.data.merchant).toBeNull();
      expect(reply.errors[0]?.extensions["code"]).toBe("FORBIDDEN");
    }
  });

  it("A2 lets a merchant read its own file, and no other", async () => {
    const reply = await bureau.graphql(
      await bureau.token({ party: "merchant", id: ALICE }),
      "{ me { id identity { legalName } } }",
    );
    expect(reply.errors).toEqual([]);
    expect(reply.data.me).toEqual({ id: ALICE, identity: { legalName: "Alice Trading" } });
    const bank = await ask("{ me { id } }");
    expect(bank.data.me).toBeNull();
    expect(bank.errors[0]?.extensions["code"]).toBe("FORBIDDEN");
  });
});
