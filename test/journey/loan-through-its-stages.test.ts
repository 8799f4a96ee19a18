import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSigner } from "../../foundation/tokens.js";
import { DEFAULT_SCOPES } from "../../schema/parties.js";
import type { Purpose } from "../../schema/purposes.js";
import { ALICE, bankToken, MARKETPLACE, publishTwoMerchants } from "../support/actors.js";
import { AUDIENCE, ISSUER, startTestBureau, type TestBureau } from "../support/bureau.js";

let bureau: TestBureau;
let bank: string;

beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  bank = await bankToken(bureau);
});
afterAll(async () => bureau.close());

/** A merchant's token that names the person who acts for it. */
async function tokenOf(signatory?: string): Promise<string> {
  const signer = await createSigner(bureau.keys.issuer);
  const iat = Math.floor(bureau.clock.now().getTime() / 1000);
  return signer.sign("at+jwt", {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: ALICE,
    client_id: `merchant:${ALICE}`,
    party: "merchant",
    scope: DEFAULT_SCOPES.merchant.join(" "),
    iat,
    exp: iat + 600,
    jti: randomUUID(),
    ...(signatory === undefined ? {} : { signatory }),
  });
}

async function change(token: string, verb: string, input: object, inputType: string): Promise<string> {
  const fields = verb === "setSignatories" ? "state" : "id state";
  const reply = await bureau.graphql(
    token,
    `mutation($input: ${inputType}!) { ${verb}(input: $input) { ${fields} } }`,
    { input },
  );
  const [error] = reply.errors;
  return error === undefined ? reply.data[verb].state : String(error.extensions["code"]);
}

const ask = async (purpose: Purpose) => {
  const reply = await bureau.graphql(
    bank,
    `query($id: MerchantId!, $purpose: Purpose!) { merchant(id: $id, purpose: $purpose, reference: "CASE-1") {
      transactions(window: { months: 12 }) { orderCount { value } } identity { legalName } } }`,
    { id: ALICE, purpose },
  );
  return { reply, note: reply.extensions["inquiries"][0], code: reply.errors[0]?.extensions["code"] };
};

describe("a loan, from the request of two directors' consent to its payoff", () => {
  let consentId: string;

  it("begins with a request that both directors must approve", async () => {
    expect(
      await change(
        await tokenOf(),
        "setSignatories",
        { quorum: 2, signatories: ["li", "wang"] },
        "SetSignatoriesInput",
      ),
    ).toBe("IN_FORCE");
    const requested = await bureau.graphql(
      bank,
      `mutation($input: RequestConsentInput!) { requestConsent(input: $input) { id lookbackMonths cuts { field asked given rule article } } }`,
      {
        input: {
          merchant: ALICE,
          purpose: "PRE_LOAN_ASSESSMENT",
          categories: ["IDENTITY", "TRANSACTIONS"],
          lookbackMonths: 48,
          expiresAt: new Date(bureau.clock.now().getTime() + 30 * 86_400_000).toISOString(),
          frequency: { count: 5, period: "TOTAL" },
          accounts: [{ platform: MARKETPLACE, sellerId: "alice-shop" }],
          loan: {
            categories: ["TRANSACTIONS"],
            lookbackMonths: 6,
            frequency: { count: 2, period: "MONTH" },
            lifeDays: 365,
          },
          outOfRange: "CLAMP",
        },
      },
    );
    expect(requested.errors).toEqual([]);
    expect(requested.data.requestConsent).toMatchObject({
      lookbackMonths: 36,
      cuts: [{ field: "lookbackMonths", asked: "48", given: "36", article: "征信业务管理办法 第七条" }],
    });
    const input = { requestId: requested.data.requestConsent.id };
    expect(await change(await tokenOf(), "approveConsentRequest", input, "ApproveConsentRequestInput")).toBe(
      "SIGNATORY_NOT_REGISTERED",
    );
    expect(
      await change(await tokenOf("li"), "approveConsentRequest", input, "ApproveConsentRequestInput"),
    ).toBe("AWAITING_SIGNATORIES");
    expect((await ask("PRE_LOAN_ASSESSMENT")).code).toBe("CONSENT_AWAITING_SIGNATORIES");
    expect(
      await change(await tokenOf("wang"), "approveConsentRequest", input, "ApproveConsentRequestInput"),
    ).toBe("ACTIVE");
  });

  it("is assessed on what was consented, and the answer says how much that is", async () => {
    const { reply, note } = await ask("PRE_LOAN_ASSESSMENT");
    expect(reply.errors).toEqual([]);
    expect(reply.data.merchant.identity.legalName).toBe("Alice Trading");
    expect(note).toMatchObject({
      decision: "GRANTED",
      stage: "PRE_LOAN",
      accounts: [{ platform: MARKETPLACE, sellerId: "alice-shop" }],
      remainingUses: 4,
      granted: [
        { category: "TRANSACTIONS", level: "SUMMARY" },
        { category: "IDENTITY", level: "SUMMARY" },
      ],
      withheld: [],
    });
    consentId = note.consentId;
    expect((await ask("POST_LOAN_MONITORING")).code).toBe("PURPOSE_NOT_CONSENTED");
  });

  it("is monitored from the disbursal on, on its own terms and count, and assessed no more", async () => {
    const report = { consentId, loanReference: "L-2026-1" };
    expect(
      await change(await bankToken(bureau, "second-bank"), "reportDisbursal", report, "ReportDisbursalInput"),
    ).toBe("NOT_FOUND");
    expect(await change(bank, "reportDisbursal", report, "ReportDisbursalInput")).toBe("ACTIVE");
    expect((await ask("PRE_LOAN_ASSESSMENT")).code).toBe("PURPOSE_NOT_CONSENTED");
    const { reply, note } = await ask("POST_LOAN_MONITORING");
    expect(reply.data.merchant.transactions.orderCount.value).toBe(1);
    expect(reply.data.merchant.identity).toBeNull();
    expect(note).toMatchObject({ decision: "PART_GRANTED", stage: "POST_LOAN", remainingUses: 1 });
    const lifeDays = (Date.parse(note.consentExpiresAt) - bureau.clock.now().getTime()) / 86_400_000;
    expect(Math.round(lifeDays)).toBe(365);
    expect((await ask("POST_LOAN_MONITORING")).note.remainingUses).toBe(0);
    expect((await ask("POST_LOAN_MONITORING")).code).toBe("CONSENT_EXHAUSTED");
  });

  it("ends with the payoff, for good", async () => {
    const report = { consentId, loanReference: "L-2026-1" };
    expect(await change(bank, "reportPayoff", report, "ReportPayoffInput")).toBe("CLOSED");
    for (const purpose of ["POST_LOAN_MONITORING", "PRE_LOAN_ASSESSMENT"] as const)
      expect((await ask(purpose)).code).toBe("CONSENT_CLOSED");
    expect(await change(await tokenOf("li"), "resumeConsent", { consentId }, "ConsentIdInput")).toBe(
      "CONFLICT",
    );
  });

  it("is on the merchant's record, every inquiry with its levels and the rule that decided", async () => {
    const reply = await bureau.graphql(
      await tokenOf(),
      "{ inquiries(first: 20) { nodes { purpose decision released askedRecords releasedRecords rules { level code } } } }",
    );
    const { nodes } = reply.data.inquiries;
    expect(nodes).toHaveLength(9);
    expect(nodes.filter(({ decision }: { decision: string }) => decision !== "REFUSED")).toHaveLength(3);
    for (const node of nodes) {
      expect([node.askedRecords, node.releasedRecords]).toEqual([[], []]);
      expect(node.rules.every(({ level }: { level: string }) => level === "SUMMARY")).toBe(true);
    }
  });
});
