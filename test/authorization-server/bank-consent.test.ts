import { decodeJwt } from "jose";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, BOB, STRANGER } from "../support/actors.js";
import { openBrowser, type Page } from "../support/browser.js";
import { BANK_CALLBACK, PASSWORD, startTestIssuer, type TestIssuer } from "../support/issuer.js";
import {
  consentDetail,
  exchange,
  introspect,
  type OAuthClient,
  openClient,
  push,
  type Pushed,
  refresh,
  refusalOf,
} from "../support/oauth-clients.js";

let issuer: TestIssuer;
let bank: OAuthClient;
beforeAll(async () => {
  issuer = await startTestIssuer();
  bank = await openClient(issuer.issuer, issuer.clients.bank);
});
afterAll(() => issuer.close());

function pushConsent(detail: object, client = bank): Promise<Pushed> {
  const authorization_details = JSON.stringify([detail]);
  return push(client, issuer, { redirect_uri: BANK_CALLBACK, scope: "profile:read", authorization_details });
}

async function openConsent(
  pushed: Pushed,
  login: string,
): Promise<{ page: Page; answer: (fields: object) => Promise<Page> }> {
  const browser = openBrowser();
  const page = await browser.submit(await browser.open(pushed.url), { login, password: PASSWORD });
  return { page, answer: (fields) => browser.submit(page, fields as Record<string, string>) };
}

function errorOf(url: string, pushed: Pushed): { error: string; error_description?: string } {
  try {
    oauth.validateAuthResponse(bank.as, bank.client, new URL(url), pushed.state);
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError) {
      const { error: code, error_description: text } = error;
      return { error: code, ...(text === undefined ? {} : { error_description: text }) };
    }
    throw error;
  }
  throw new Error("it was not refused");
}

describe("a bank that sends a merchant here", () => {
  it("gets what the merchant left of the request, in the token, in introspection and in the ledger", async () => {
    const detail = consentDetail(ALICE, {
      purposes: ["CREDIT_LIMIT_REVIEW"],
      frequency: { count: 4, period: "MONTH" },
    });
    const pushed = await pushConsent(detail);
    const { page, answer } = await openConsent(pushed, "alice");
    expect(page.text).toContain("Demo Bank 示例银行");
    expect(page.text).toContain("授信额度复核");
    const { url } = await answer({
      decision: "approve",
      category: ["IDENTITY", "TRANSACTIONS"],
      lookback: "6",
    });
    const tokens = await exchange(bank, pushed, url);
    const granted = [
      {
        type: detail.type,
        merchants: [ALICE],
        purposes: ["CREDIT_LIMIT_REVIEW"],
        datatypes: ["IDENTITY", "TRANSACTIONS"],
      },
    ];
    const claims = decodeJwt(tokens.access_token);
    expect(claims).toMatchObject({
      sub: "demo-bank",
      party: "bank",
      scope: "profile:read",
      authorization_details: granted,
    });
    expect(claims).not.toHaveProperty("signatory");
    expect(tokens.authorization_details).toEqual(granted);
    expect(await introspect(bank, tokens.access_token)).toMatchObject({
      active: true,
      sub: "demo-bank",
      grant_id: claims["grant_id"],
      authorization_details: granted,
      cnf: { jkt: await bank.dpop.calculateThumbprint() },
    });
    const again = await refresh(bank, tokens.refresh_token ?? "");
    expect(decodeJwt(again.access_token)).toMatchObject({
      authorization_details: granted,
      grant_id: claims["grant_id"],
    });
    const request = await issuer.desk.request({
      merchant: ALICE,
      bank: "demo-bank",
      purpose: "CREDIT_LIMIT_REVIEW",
      terms: {
        categories: ["IDENTITY", "TRANSACTIONS", "SOCIAL"],
        records: [],
        lookbackMonths: 12,
        expiresAt: detail.expires_at,
        frequency: { count: 4, period: "MONTH" },
      },
    });
    expect(request).toMatchObject({
      state: "GRANTED",
      granted: { categories: ["IDENTITY", "TRANSACTIONS"], records: [], lookbackMonths: 6 },
    });
  });

  it("gets single records only where the merchant ticked them; nothing beyond figures is ticked beforehand", async () => {
    const figures = consentDetail(BOB, { datatypes: ["IDENTITY", "TRANSACTIONS"] });
    const records = { ...figures, datatypes: ["SETTLEMENTS"], privileges: ["SUMMARY", "RECORDS"] };
    const authorization_details = JSON.stringify([figures, records]);
    const pushed = await push(bank, issuer, {
      redirect_uri: BANK_CALLBACK,
      scope: "profile:read",
      authorization_details,
    });
    const { page, answer } = await openConsent(pushed, "bob");
    const [tick = ""] = /<input[^>]*name="records"[^>]*>/.exec(page.text) ?? [];
    expect(tick).toContain('value="SETTLEMENTS"');
    expect(tick).not.toContain("checked");
    const tokens = await exchange(
      bank,
      pushed,
      (await answer({ decision: "approve", records: "SETTLEMENTS" })).url,
    );
    const same = { type: figures.type, merchants: [BOB], purposes: ["PRE_LOAN_ASSESSMENT"] };
    expect(decodeJwt(tokens.access_token)["authorization_details"]).toEqual([
      { ...same, datatypes: ["IDENTITY", "TRANSACTIONS"] },
      { ...same, datatypes: ["SETTLEMENTS"], privileges: ["SUMMARY", "RECORDS"] },
    ]);
  });

  it("is told access_denied when the merchant denies, and may not ask again for a while", async () => {
    const detail = consentDetail(ALICE, { purposes: ["FRAUD_PREVENTION"], datatypes: ["IDENTITY"] });
    const pushed = await pushConsent(detail);
    const { answer } = await openConsent(pushed, "alice");
    expect(errorOf((await answer({ decision: "deny" })).url, pushed)).toMatchObject({
      error: "access_denied",
    });
    const again = await pushConsent(detail);
    const { page } = await openConsent(again, "alice");
    expect(errorOf(page.url, again)).toEqual({
      error: "access_denied",
      error_description: expect.stringMatching(/^RATE_LIMITED/),
    });
  });

  it("is not given another merchant's consent: whoever signs in must act for the one that was named", async () => {
    const pushed = await pushConsent(
      consentDetail(ALICE, {
        purposes: ["GUARANTEE_REVIEW"],
        datatypes: ["IDENTITY"],
        frequency: { count: 4, period: "MONTH" },
      }),
    );
    const { page, answer } = await openConsent(pushed, "bob");
    expect(page.status).toBe(403);
    expect(errorOf((await answer({ decision: "leave" })).url, pushed)).toMatchObject({
      error: "access_denied",
    });
  });

  it("gets nothing wider than asked, whatever is put into the form", async () => {
    const pushed = await pushConsent(
      consentDetail(BOB, {
        datatypes: ["IDENTITY"],
        purposes: ["COLLECTION"],
        frequency: { count: 2, period: "MONTH" },
      }),
    );
    const { answer } = await openConsent(pushed, "bob");
    for (const wider of [
      { lookback: "13" },
      { count: "3" },
      { until: "2999-01-01" },
      { category: undefined },
    ]) {
      const page = await answer({ decision: "approve", ...wider });
      expect(page.status, JSON.stringify(wider)).toBe(422);
    }
    const tokens = await exchange(
      bank,
      pushed,
      (await answer({ decision: "approve", category: ["IDENTITY", "FINANCING"], records: "IDENTITY" })).url,
    );
    expect(decodeJwt(tokens.access_token)["authorization_details"]).toMatchObject([
      { datatypes: ["IDENTITY"] },
    ]);
  });

  it("may push for a merchant that nobody knows: the answer is the same", async () => {
    expect((await pushConsent(consentDetail(STRANGER))).requestUri).toMatch(/^urn:/);
  });
});

describe("a consent that cannot be asked for", () => {
  const refusals: readonly (readonly [string, object])[] = [
    [
      "a category that the purpose does not need",
      consentDetail(ALICE, {
        purposes: ["COLLECTION"],
        datatypes: ["SOCIAL"],
        frequency: { count: 1, period: "MONTH" },
      }),
    ],
    ["a window beyond the ceiling", consentDetail(ALICE, { lookback_months: 99 })],
    ["a life beyond the ceiling", consentDetail(ALICE, { expires_at: "2999-01-01T00:00:00Z" })],
    ["more inquiries than the ceiling", consentDetail(ALICE, { frequency: { count: 1000, period: "DAY" } })],
    ["two merchants", { ...consentDetail(ALICE), merchants: [ALICE, BOB] }],
    ["two purposes", consentDetail(ALICE, { purposes: ["COLLECTION", "FRAUD_PREVENTION"] })],
    ["the merchant's own purpose", consentDetail(ALICE, { purposes: ["OWN_QUERY"] })],
    ["an unknown category", consentDetail(ALICE, { datatypes: ["GOSSIP"] })],
    ["an unknown member", { ...consentDetail(ALICE), bank: "second-bank" }],
    ["another type", { ...consentDetail(ALICE), type: "payment_initiation" }],
    ["no end", { ...consentDetail(ALICE), expires_at: undefined }],
    ["no instant for an end", consentDetail(ALICE, { expires_at: "tomorrow" })],
  ];
  it.each(refusals)("with %s is refused where it is pushed", async (_what, detail) => {
    expect(await refusalOf(pushConsent(detail))).toMatchObject({
      status: 400,
      error: "invalid_authorization_details",
    });
  });

  it("is asked for one at a time, and never without saying what", async () => {
    const two = [
      consentDetail(ALICE),
      consentDetail(ALICE, { purposes: ["COLLECTION"], datatypes: ["IDENTITY"] }),
    ];
    const parameters = { redirect_uri: BANK_CALLBACK, scope: "profile:read" };
    const authorization_details = JSON.stringify(two);
    expect(await refusalOf(push(bank, issuer, { ...parameters, authorization_details }))).toMatchObject({
      error: "invalid_authorization_details",
    });
    expect(await refusalOf(push(bank, issuer, parameters))).toMatchObject({
      error: "invalid_authorization_details",
    });
  });

  it("does not tell the bank who signs in", async () => {
    const parameters = { redirect_uri: BANK_CALLBACK, scope: "openid profile:read" };
    const authorization_details = JSON.stringify([consentDetail(ALICE)]);
    expect(await refusalOf(push(bank, issuer, { ...parameters, authorization_details }))).toMatchObject({
      error: "invalid_scope",
    });
  });
});

describe("a merchant for whom several sign", () => {
  const detail = consentDetail(ALICE, { purposes: ["SUPPLY_CHAIN_FINANCE"], datatypes: ["IDENTITY"] });
  const sign = { decision: "approve", category: ["IDENTITY"] };

  it("leaves the bank to ask again after the first signature; the last one answers it", async () => {
    const { alice, alicesPartner } = issuer.people;
    await issuer.setSignatories(
      { merchant: ALICE, signatory: alice },
      { quorum: 2, signatories: [alice, alicesPartner] },
    );
    const first = await pushConsent(detail);
    const { url } = await (await openConsent(first, "alice")).answer(sign);
    expect(errorOf(url, first)).toMatchObject({ error: "interaction_required" });
    // Whoever has signed is not asked again: there is nothing more for her to do.
    const again = await pushConsent(detail);
    const { url: stillWaiting } = await (await openConsent(again, "alice")).answer(sign);
    expect(errorOf(stillWaiting, again)).toMatchObject({ error: "interaction_required" });
    const second = await pushConsent(detail);
    const { url: callback } = await (await openConsent(second, "partner")).answer(sign);
    const tokens = await exchange(bank, second, callback);
    expect(decodeJwt(tokens.access_token)["authorization_details"]).toMatchObject([
      { datatypes: ["IDENTITY"], purposes: ["SUPPLY_CHAIN_FINANCE"] },
    ]);
    // Granted is granted: the bank that asks once more is not made to trouble anybody.
    const later = await pushConsent(detail);
    const { page } = await openConsent(later, "alice");
    expect((await exchange(bank, later, page.url)).access_token).toBeTruthy();
  });

  it("is not signed for by somebody else of the same firm", async () => {
    const { alice, alicesPartner } = issuer.people;
    for (const signatory of [alice, alicesPartner])
      await issuer.setSignatories(
        { merchant: ALICE, signatory },
        { quorum: 1, signatories: [alicesPartner] },
      );
    const pushed = await pushConsent({ ...detail, purposes: ["RECEIVABLES_FINANCING"] });
    const told = await (await openConsent(pushed, "alice")).answer(sign);
    expect(told.status).toBe(403);
    expect(told.text).toContain("授权签字人");
  });
});
