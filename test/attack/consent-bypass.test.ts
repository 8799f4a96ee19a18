import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ALICE,
  bankToken,
  BOB,
  grant,
  NOBODY,
  PROFILE,
  publishTwoMerchants,
  revoke,
  STRANGER,
} from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

let bureau: TestBureau;
let token: string;

beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE);
  token = await bankToken(bureau);
});
afterAll(async () => bureau.close());

const ask = (query: string, variables?: Record<string, unknown>) => bureau.graphql(token, query, variables);

describe("consent for merchant A used on merchant B", () => {
  it("opens A, as consented", async () => {
    const reply = await ask(PROFILE, { id: ALICE });
    expect(reply.errors).toEqual([]);
    expect(reply.data.merchant.identity.legalName).toBe("Alice Trading");
    expect(reply.data.merchant.transactions.orderCount.value).toBe(1);
  });

  it("does not open B by an alias beside A", async () => {
    const reply = await ask(`{
      a: merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { identity { legalName } }
      b: merchant(id: "${BOB}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { identity { legalName } }
    }`);
    expect(reply.data.a.identity.legalName).toBe("Alice Trading");
    expect(reply.data.b).toBeNull();
    expect(reply.errors).toMatchObject([{ path: ["b"], extensions: { code: "CONSENT_REQUIRED" } }]);
    expect(JSON.stringify(reply)).not.toContain("Bob");
  });

  it("does not open B by a fragment shared with A", async () => {
    const reply = await ask(`query {
      a: merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { ...P }
      b: merchant(id: "${BOB}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { ...P }
    } fragment P on Merchant { identity { legalName } transactions { orderCount { value } } }`);
    expect(reply.data.a.transactions.orderCount.value).toBe(1);
    expect(reply.data.b).toBeNull();
  });

  it("does not open B by a variable's default", async () => {
    const reply = await ask(
      `query($id: MerchantId! = "${BOB}") { merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { id } }`,
    );
    expect(reply.data.merchant).toBeNull();
    expect(reply.errors[0]?.extensions["code"]).toBe("CONSENT_REQUIRED");
  });

  it("does not open B in a portfolio that holds A, and keeps every position", async () => {
    const inquiries = [BOB, ALICE, NOBODY].map((id) => ({
      id,
      purpose: "PRE_LOAN_ASSESSMENT",
      reference: "C-1",
    }));
    const reply = await ask(
      "query($inquiries: [InquiryInput!]!) { merchants(inquiries: $inquiries) { id reviews { reviewCount { value } } identity { legalName } } }",
      { inquiries },
    );
    expect(reply.data.merchants[0]).toBeNull();
    expect(reply.data.merchants[1]).toMatchObject({ id: ALICE, identity: { legalName: "Alice Trading" } });
    expect(reply.data.merchants[2]).toBeNull();
    expect(reply.errors.map((error) => error.path)).toEqual([
      ["merchants", 0],
      ["merchants", 2],
    ]);
    expect(JSON.stringify(reply)).not.toContain("Bob");
  });

  it("answers an unknown merchant and an unconsented one alike (P12)", async () => {
    const shapes = await Promise.all(
      [BOB, STRANGER].map(async (id) => {
        const { status, data, errors, extensions } = await ask(PROFILE, { id });
        const text = JSON.stringify({ status, data, errors, inquiries: extensions["inquiries"] });
        return text
          .replaceAll(id, "ID")
          .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "UUID")
          .replaceAll(/[0-9a-f]{64}/g, "HASH")
          .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME");
      }),
    );
    expect(shapes[0]).toBe(shapes[1]);
  });

  it("refuses the same merchant under two purposes in one operation", async () => {
    const reply = await ask(`{
      a: merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { id }
      b: merchant(id: "${ALICE}", purpose: FRAUD_PREVENTION, reference: "C-1") { id }
    }`);
    expect(reply.status).toBe(400);
    expect(reply.errors[0]?.extensions["code"]).toBe("INQUIRY_CONFLICT");
  });
});

describe("a consent used otherwise than granted", () => {
  it("opens nothing to another bank", async () => {
    const reply = await bureau.graphql(await bankToken(bureau, "second-bank"), PROFILE, { id: ALICE });
    expect(reply.data.merchant).toBeNull();
    expect(reply.errors).toMatchObject([{ path: ["merchant"], extensions: { code: "CONSENT_REQUIRED" } }]);
  });

  it("opens nothing for another purpose", async () => {
    const reply = await ask(PROFILE, { id: ALICE, purpose: "COLLECTION" });
    expect(reply.data.merchant).toBeNull();
    expect(reply.errors[0]?.extensions["code"]).toBe("PURPOSE_NOT_CONSENTED");
  });

  it("withholds a category that the token's authorization details leave out, and says so on aliases", async () => {
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

  it("withholds a category that the merchant did not grant; the rest of the answer is whole", async () => {
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

  it("is final once revoked: the next inquiry gets nothing (P2)", async () => {
    const id = await grant(bureau, BOB, { categories: ["REVIEWS"], purpose: "CREDIT_LIMIT_REVIEW" });
    expect(
      (await ask(PROFILE, { id: BOB, purpose: "CREDIT_LIMIT_REVIEW" })).data.merchant.reviews,
    ).not.toBeNull();
    await revoke(bureau, BOB, id);
    const after = await ask(PROFILE, { id: BOB, purpose: "CREDIT_LIMIT_REVIEW" });
    expect(after.data.merchant).toBeNull();
    expect(after.errors[0]?.extensions["code"]).toBe("CONSENT_REVOKED");
  });

  it("does not let a merchant or a platform ask as a bank", async () => {
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

  it("lets a merchant read its own file, and no other", async () => {
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
