import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, bankToken, BOB, grant, PROFILE, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

describe.each(["in-process", "http"] as const)("subgraphs served %s", (mode) => {
  let bureau: TestBureau;
  let token: string;

  beforeAll(async () => {
    bureau = await startTestBureau({ mode });
    await publishTwoMerchants(bureau);
    await grant(bureau, ALICE, { categories: ["IDENTITY", "TRANSACTIONS", "REVIEWS"] });
    token = await bankToken(bureau);
  });
  afterAll(async () => bureau.close());

  it("release what is consented, and withhold the rest on its path", async () => {
    const reply = await bureau.graphql(token, PROFILE, { id: ALICE });
    expect(reply.data.merchant).toMatchObject({
      id: ALICE,
      identity: { legalName: "Alice Trading" },
      transactions: { orderCount: { value: 1 } },
      reviews: { reviewCount: { value: 1 } },
      settlements: null,
      social: null,
    });
    expect(reply.errors.map(({ path, extensions }) => [path?.join("."), extensions["code"]]).sort()).toEqual([
      ["merchant.logistics", "SCOPE_NOT_CONSENTED"],
      ["merchant.settlements", "SCOPE_NOT_CONSENTED"],
      ["merchant.social", "SCOPE_NOT_CONSENTED"],
    ]);
  });

  it("refuse an unconsented merchant with the same code and the same record", async () => {
    const reply = await bureau.graphql(token, PROFILE, { id: BOB });
    expect(reply.data).toEqual({ merchant: null });
    expect(reply.errors).toMatchObject([{ path: ["merchant"], extensions: { code: "CONSENT_REQUIRED" } }]);
    expect(reply.extensions["inquiries"]).toMatchObject([{ merchant: BOB, decision: "REFUSED" }]);
  });

  it("carry an error of a subgraph by its code", async () => {
    const reply = await bureau.graphql(
      token,
      `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { id transactions(window: { months: 99 }) { orderCount { value } } } }`,
    );
    expect(reply.errors).toMatchObject([
      { path: ["merchant", "transactions"], extensions: { code: "BAD_USER_INPUT" } },
    ]);
  });

  it("let a merchant grant and see who asked", async () => {
    const merchant = await bureau.token({ party: "merchant", id: ALICE });
    const reply = await bureau.graphql(
      merchant,
      "{ inquiries(first: 5) { nodes { bank purpose decision } } consents(first: 5) { nodes { state bank } } }",
    );
    expect(reply.errors).toEqual([]);
    expect(reply.data.inquiries.nodes.length).toBeGreaterThan(0);
    expect(reply.data.consents.nodes[0]).toEqual({ state: "ACTIVE", bank: "demo-bank" });
  });
});
