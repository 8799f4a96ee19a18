import { decodeJwt } from "jose";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, BOB, STRANGER } from "../support/actors.js";
import { openBrowser, type Page } from "../support/browser.js";
import { PASSWORD, startTestIssuer, type TestIssuer } from "../support/issuer.js";
import {
  askBackchannel,
  type ConsentDetail,
  consentDetail,
  introspect,
  type OAuthClient,
  openClient,
  poll,
  refusalOf,
} from "../support/oauth-clients.js";

let issuer: TestIssuer;
let bank: OAuthClient;
beforeAll(async () => {
  issuer = await startTestIssuer();
  bank = await openClient(issuer.issuer, issuer.clients.bank);
});
afterAll(() => issuer.close());

const INTERVAL_MS = 1_100;

function ask(
  merchant: string,
  detail: Partial<ConsentDetail> = {},
  rest: Record<string, string> = {},
  client = bank,
) {
  return askBackchannel(client, issuer, {
    login_hint: merchant,
    authorization_details: JSON.stringify([consentDetail(merchant, detail)]),
    ...rest,
  });
}

async function signInAtRequests(
  login: string,
): Promise<{ page: Page; submit: ReturnType<typeof openBrowser>["submit"] }> {
  const browser = openBrowser();
  const signIn = await browser.open(`${issuer.issuer}/requests`);
  return { page: await browser.submit(signIn, { login, password: PASSWORD }), submit: browser.submit };
}

describe("a bank without a browser", () => {
  it("polls until the merchant approves on the page, narrowed, and gets that", async () => {
    const asked = await ask(
      ALICE,
      { purposes: ["CREDIT_LIMIT_REVIEW"], frequency: { count: 4, period: "MONTH" } },
      { binding_message: "LOAN-7 <b>" },
    ).catch((error: unknown) => error);
    // RFC-like: markup has no place in a binding message.
    expect(asked).toMatchObject({ error: "invalid_binding_message" });
    const { auth_req_id: id, interval } = await ask(
      ALICE,
      { purposes: ["CREDIT_LIMIT_REVIEW"], frequency: { count: 4, period: "MONTH" } },
      { binding_message: "LOAN-7" },
    );
    expect(interval).toBe(1);
    expect(await refusalOf(poll(bank, id))).toMatchObject({ status: 400, error: "authorization_pending" });
    const { page, submit } = await signInAtRequests("alice");
    expect(page.text).toContain("LOAN-7");
    expect(page.text).toContain("Demo Bank");
    const told = await submit(page, { decision: "approve", category: ["IDENTITY"] });
    expect(told.text).toContain("已授权");
    await delay(INTERVAL_MS);
    const tokens = await poll(bank, id);
    const granted = [
      {
        type: "merchant_credit_profile",
        merchants: [ALICE],
        purposes: ["CREDIT_LIMIT_REVIEW"],
        datatypes: ["IDENTITY"],
      },
    ];
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      sub: "demo-bank",
      party: "bank",
      authorization_details: granted,
      grant_id: expect.any(String),
      cnf: { jkt: await bank.dpop.calculateThumbprint() },
    });
    expect(await introspect(bank, tokens.access_token)).toMatchObject({
      active: true,
      authorization_details: granted,
    });
    // A second time is a retry of the same client, and no theft.
    expect(await refusalOf(poll(bank, id))).toMatchObject({ error: "invalid_grant" });
    expect(await introspect(bank, tokens.access_token)).toMatchObject({ active: true });
  });

  it("is told access_denied when the merchant denies", async () => {
    const { auth_req_id: id } = await ask(ALICE, { purposes: ["FRAUD_PREVENTION"], datatypes: ["IDENTITY"] });
    const { page, submit } = await signInAtRequests("alice");
    await submit(page, { decision: "deny" });
    expect(await refusalOf(poll(bank, id))).toMatchObject({ error: "access_denied" });
    expect(
      await refusalOf(ask(ALICE, { purposes: ["FRAUD_PREVENTION"], datatypes: ["IDENTITY"] })),
    ).toMatchObject({
      error: "access_denied",
      text: expect.stringContaining("RATE_LIMITED"),
    });
  });

  it("is slowed down when it polls too quickly, and has to wait longer each time", async () => {
    const { auth_req_id: id } = await ask(BOB, {
      purposes: ["COLLECTION"],
      datatypes: ["IDENTITY"],
      frequency: { count: 1, period: "MONTH" },
    });
    expect(await refusalOf(poll(bank, id))).toMatchObject({ error: "authorization_pending" });
    expect(await refusalOf(poll(bank, id))).toMatchObject({ status: 400, error: "slow_down" });
    await delay(INTERVAL_MS);
    expect(await refusalOf(poll(bank, id))).toMatchObject({ error: "slow_down" });
  });

  it("is told expired_token when its time is over", async () => {
    const { auth_req_id: id, expires_in: seconds } = await ask(
      BOB,
      { purposes: ["GUARANTEE_REVIEW"], datatypes: ["IDENTITY"], frequency: { count: 1, period: "MONTH" } },
      { requested_expiry: "1" },
    );
    expect(seconds).toBe(1);
    await delay(1_100);
    expect(await refusalOf(poll(bank, id))).toMatchObject({ error: "expired_token" });
  });

  it("asks for whom it wants: that nobody knows the merchant shows nowhere", async () => {
    const known = await ask(BOB, { purposes: ["RECEIVABLES_FINANCING"], datatypes: ["IDENTITY"] });
    const unknown = await ask(STRANGER, { purposes: ["RECEIVABLES_FINANCING"], datatypes: ["IDENTITY"] });
    expect(Object.keys(unknown)).toEqual(Object.keys(known));
    expect(await refusalOf(poll(bank, unknown.auth_req_id))).toEqual(
      await refusalOf(poll(bank, known.auth_req_id)),
    );
  });

  it("cannot collect what another bank asked for", async () => {
    const { auth_req_id: id } = await ask(ALICE, {
      purposes: ["SUPPLY_CHAIN_FINANCE"],
      datatypes: ["IDENTITY"],
    });
    const other = await openClient(issuer.issuer, issuer.clients.otherBank);
    expect(await refusalOf(poll(other, id))).toMatchObject({ error: "invalid_grant" });
  });

  it("says which consent it asks for, and names one merchant", async () => {
    expect(await refusalOf(askBackchannel(bank, issuer, { login_hint: ALICE }))).toMatchObject({
      error: "invalid_authorization_details",
    });
    expect(
      await refusalOf(
        askBackchannel(bank, issuer, {
          login_hint: BOB,
          authorization_details: JSON.stringify([consentDetail(ALICE)]),
        }),
      ),
    ).toMatchObject({ error: "invalid_authorization_details" });
    const authorization_details = JSON.stringify([consentDetail(ALICE)]);
    expect(
      await refusalOf(askBackchannel(bank, issuer, { login_hint: "no code", authorization_details })),
    ).toMatchObject({ error: "unknown_user_id" });
  });

  it("waits until as many have signed as the merchant wants", async () => {
    const by = { merchant: ALICE, signatory: issuer.people.alice };
    const { auth_req_id: id } = await ask(ALICE, { datatypes: ["IDENTITY", "TRANSACTIONS"] });
    await issuer.setSignatories(by, {
      quorum: 2,
      signatories: [issuer.people.alice, issuer.people.alicesPartner],
    });
    const first = await signInAtRequests("alice");
    const told = await first.submit(first.page, { decision: "approve", category: ["IDENTITY"] }, "贷款审批");
    expect(told.text).toContain("等待其他授权签字人");
    expect(await refusalOf(poll(bank, id))).toMatchObject({ error: "authorization_pending" });
    const second = await signInAtRequests("partner");
    expect(second.page.text).toContain("签署");
    await second.submit(second.page, { decision: "approve" }, "贷款审批");
    await delay(INTERVAL_MS);
    const tokens = await poll(bank, id);
    expect(decodeJwt(tokens.access_token)["authorization_details"]).toMatchObject([
      { datatypes: ["IDENTITY"] },
    ]);
  });
});
