import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { InquiryEntry, InquiryLog } from "../../schema/ports.js";
import { ALICE, bankToken, BOB, grant, PROFILE, publishTwoMerchants, revoke } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

/** Older than this, a check is repeated. */
const OLD_MS = 60;

let bureau: TestBureau;
afterEach(async () => bureau.close());

const PORTFOLIO = `query($inquiries: [InquiryInput!]!) { merchants(inquiries: $inquiries) { id identity { legalName } } }`;

/** A bureau whose record is slow, and during whose record something happens. */
async function startWithSlowRecord(
  meanwhile: (stage: InquiryEntry["stage"]) => Promise<void>,
): Promise<void> {
  const slow = (log: InquiryLog): InquiryLog => ({
    append: async (entries) => {
      const receipts = await log.append(entries);
      await meanwhile(entries[0]?.stage ?? "DECIDED");
      await delay(OLD_MS);
      return receipts;
    },
  });
  bureau = await startTestBureau({ seams: { log: slow } });
  await publishTwoMerchants(bureau);
}

describe("a consent that ends while the inquiry is put on record (R2)", () => {
  it("releases nothing: consent is checked after the wait for the record, not before it", async () => {
    let consentId = "";
    await startWithSlowRecord(async (stage) => {
      if (stage === "DECIDED" && consentId !== "") await revoke(bureau, ALICE, consentId);
    });
    consentId = await grant(bureau, ALICE);
    const reply = await bureau.graphql(await bankToken(bureau), PROFILE, { id: ALICE });
    expect(reply.data.merchant).toBeNull();
    expect(reply.errors[0]?.extensions["code"]).toBe("CONSENT_REVOKED");
    expect(JSON.stringify(reply)).not.toContain("Alice");
  });

  it("ends the operation when a second one ends while the first is written down as withheld", async () => {
    const consents = new Map<string, string>();
    await startWithSlowRecord(async (stage) => {
      const merchant = stage === "DECIDED" ? ALICE : BOB;
      const consentId = consents.get(merchant);
      if (consentId !== undefined) await revoke(bureau, merchant, consentId);
    });
    for (const merchant of [ALICE, BOB]) consents.set(merchant, await grant(bureau, merchant));
    const inquiries = [ALICE, BOB].map((id) => ({
      id,
      purpose: "PRE_LOAN_ASSESSMENT",
      reference: "CASE-1",
    }));
    const reply = await bureau.graphql(await bankToken(bureau), PORTFOLIO, { inquiries });
    expect(reply.status).toBe(503);
    expect(reply.errors[0]?.extensions["code"]).toBe("CONSENT_UNKNOWN");
    expect(JSON.stringify(reply)).not.toMatch(/Alice|Bob/);
  });

  it("does not disturb an answer whose consents all stand", async () => {
    await startWithSlowRecord(async () => {});
    await grant(bureau, ALICE);
    const reply = await bureau.graphql(await bankToken(bureau), PROFILE, { id: ALICE });
    expect(reply.data.merchant.identity.legalName).toBe("Alice Trading");
  });
});
