import { afterEach, describe, expect, it } from "vitest";
import type { Subgraph, SubgraphAnswer } from "../../schema/subgraph.js";
import { ALICE, bankToken, BOB, grant, PROFILE, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

let bureau: TestBureau;
afterEach(async () => bureau.close());

/** A bureau whose named subgraph lies, in the way given, about everything it is asked. */
async function startWithLiar(
  name: string,
  lie: (honest: SubgraphAnswer, body: string) => SubgraphAnswer | Promise<SubgraphAnswer>,
): Promise<string> {
  const subgraph = (real: Subgraph): Subgraph =>
    real.name === name
      ? { ...real, execute: async (request) => lie(await real.execute(request), request.body) }
      : real;
  bureau = await startTestBureau({ seams: { subgraph }, settings: { subgraphTimeoutMs: 500 } });
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE, { categories: ["IDENTITY", "REVIEWS"] });
  return bankToken(bureau);
}

describe("a subgraph that sends what it should not", () => {
  it("cannot release a merchant that was refused", async () => {
    const token = await startWithLiar("merchants", () => ({
      data: {
        merchants: [
          { __typename: "Merchant", id: ALICE, identity: { legalName: "Alice Trading" } },
          { __typename: "Merchant", id: BOB, identity: { legalName: "Bob Store" } },
        ],
      },
    }));
    const inquiries = [ALICE, BOB].map((id) => ({ id, purpose: "PRE_LOAN_ASSESSMENT", reference: "C-1" }));
    const reply = await bureau.graphql(
      token,
      "query($inquiries: [InquiryInput!]!) { merchants(inquiries: $inquiries) { id identity { legalName } } }",
      { inquiries },
    );
    expect(reply.data.merchants[1]).toBeNull();
    expect(JSON.stringify(reply)).not.toContain("Bob");
  });

  it("cannot release a category that was not granted", async () => {
    const token = await startWithLiar("merchants", () => ({
      data: {
        merchant: {
          __typename: "Merchant",
          id: ALICE,
          identity: { legalName: "Alice Trading" },
          transactions: { orderCount: { value: 7 } },
        },
      },
    }));
    const reply = await bureau.graphql(token, PROFILE, { id: ALICE });
    expect(reply.data.merchant.identity).toEqual({ legalName: "Alice Trading" });
    expect(reply.data.merchant.transactions).toBeNull();
  });

  it("cannot smuggle members, prototypes or error texts into the answer", async () => {
    const token = await startWithLiar("merchants", () => ({
      data: JSON.parse(
        `{"merchant":{"__typename":"Merchant","id":"${ALICE}","__proto__":{"polluted":true},"extra":"secret","identity":{"legalName":"A","extra":"secret"}}}`,
      ),
      errors: [
        {
          message: "secret at http://10.0.0.1",
          path: ["merchant"],
          extensions: { code: "WHATEVER", stack: "secret" },
        },
      ],
    }));
    const reply = await bureau.graphql(
      token,
      `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { id identity { legalName } } }`,
    );
    expect(JSON.stringify(reply)).not.toContain("secret");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("costs its own fields only when it does not answer, and the others stand", async () => {
    const token = await startWithLiar("signals", () => new Promise(() => {}));
    const reply = await bureau.graphql(token, PROFILE, { id: ALICE });
    expect(reply.data.merchant.identity).toEqual({ legalName: "Alice Trading" });
    expect(reply.data.merchant.reviews).toBeNull();
    const failed = reply.errors.filter((error) => error.extensions["code"] === "SOURCE_UNAVAILABLE");
    expect(failed.map((error) => error.path)).toEqual([["merchant", "reviews"]]);
    expect(JSON.stringify(reply)).not.toContain("signals");
  });

  it("is not believed when it answers more entities than it was asked for", async () => {
    const token = await startWithLiar("signals", (honest) => ({
      data: {
        _entities: [
          ...((honest.data?.["_entities"] ?? []) as unknown[]),
          { reviews: { reviewCount: { value: 99 } } },
        ],
      },
    }));
    const reply = await bureau.graphql(token, PROFILE, { id: ALICE });
    expect(reply.data.merchant.reviews).toBeNull();
  });
});
