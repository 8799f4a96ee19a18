import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { decodeJwt, exportJWK } from "jose";
import * as oidc from "openid-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE } from "../support/actors.js";
import { openBrowser } from "../support/browser.js";
import { APP_CALLBACK, BANK_CALLBACK, PASSWORD } from "../support/issuer.js";
import {
  askBackchannel,
  clientCredentials,
  consentDetail,
  exchange,
  introspect,
  openClient,
  poll,
  push,
  refresh,
  refusalOf,
} from "../support/oauth-clients.js";
import { askAsBank, askAsBearer, type OwnBureau, startOwnBureau } from "../support/own-bureau.js";

const TOP = path.resolve(import.meta.dirname, "../..");
const PROFILE = `query($id: MerchantId!, $purpose: Purpose!) {
  merchant(id: $id, purpose: $purpose, reference: "CASE-1") {
    identity { legalName }
    transactions(window: { months: 12 }) { orderCount { value } }
  }
}`;

let house: OwnBureau;
beforeAll(async () => {
  house = await startOwnBureau();
});
afterAll(() => house.close());

/** The merchant's own access token, by the pages. */
async function signInAlice(
  scope = "consents:manage consents:read profile:read inquiries:read",
): Promise<string> {
  const app = await openClient(house.issuer, house.clients.app, { isBound: false });
  const pushed = await push(app, house, { redirect_uri: APP_CALLBACK, scope });
  const browser = openBrowser();
  const page = await browser.submit(await browser.open(pushed.url), { login: "alice", password: PASSWORD });
  const { url } = await browser.submit(page, { decision: "approve" });
  return (await exchange(app, pushed, url)).access_token;
}

describe("a bank and a merchant", () => {
  it("by the browser: the merchant narrows on the page, the bank reads that and no more, until the merchant revokes", async () => {
    const bank = await openClient(house.issuer, house.clients.bank);
    const detail = consentDetail(ALICE, { datatypes: ["IDENTITY", "TRANSACTIONS"] });
    const pushed = await push(bank, house, {
      redirect_uri: BANK_CALLBACK,
      scope: "profile:read",
      authorization_details: JSON.stringify([detail]),
    });
    const browser = openBrowser();
    const page = await browser.submit(await browser.open(pushed.url), { login: "alice", password: PASSWORD });
    const { url } = await browser.submit(page, { decision: "approve", category: ["TRANSACTIONS"] });
    const tokens = await exchange(bank, pushed, url);
    const variables = { id: ALICE, purpose: "PRE_LOAN_ASSESSMENT" };
    const read = (token: string) => askAsBank(bank, house, { token, query: PROFILE, variables });
    const granted = await read(tokens.access_token);
    expect(granted.data.merchant).toEqual({ identity: null, transactions: { orderCount: { value: 1 } } });
    expect(granted.errors[0]?.extensions["code"]).toBe("SCOPE_NOT_AUTHORIZED");
    // The ledger says the same to a token that would open more.
    const { access_token: wide } = await clientCredentials(bank, {
      scope: "profile:read",
      resource: house.audience,
      authorization_details: JSON.stringify([
        { type: detail.type, purposes: detail.purposes, datatypes: ["IDENTITY", "TRANSACTIONS"] },
      ]),
    });
    const narrow = await read(wide);
    expect(narrow.data.merchant.identity).toBeNull();
    expect(narrow.errors[0]?.extensions["code"]).toBe("SCOPE_NOT_CONSENTED");
    // The merchant revokes by the API; the OAuth grant ends with the consent.
    const merchant = await signInAlice();
    const { data } = await askAsBearer(house, {
      token: merchant,
      query: "{ consents(first: 1) { nodes { id bank state } } }",
    });
    expect(data.consents.nodes[0]).toMatchObject({ bank: "demo-bank", state: "ACTIVE" });
    const revoked = await askAsBearer(house, {
      token: merchant,
      query: "mutation($input: ConsentIdInput!) { revokeConsent(input: $input) { state } }",
      variables: { input: { consentId: data.consents.nodes[0].id } },
    });
    expect(revoked.data.revokeConsent.state).toBe("REVOKED");
    expect(await read(tokens.access_token)).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: "CREDENTIAL_REVOKED" } }],
    });
    expect((await read(wide)).data.merchant).toBeNull();
    expect(await introspect(bank, tokens.access_token)).toEqual({ active: false });
    expect(await refusalOf(refresh(bank, tokens.refresh_token ?? ""))).toMatchObject({
      error: "invalid_grant",
    });
  });

  it("without a browser: the merchant approves by the API, and the bank's next poll brings the token", async () => {
    const bank = await openClient(house.issuer, house.clients.otherBank);
    const { auth_req_id: id } = await askBackchannel(bank, house, {
      login_hint: ALICE,
      authorization_details: JSON.stringify([
        consentDetail(ALICE, { datatypes: ["IDENTITY", "TRANSACTIONS"] }),
      ]),
    });
    expect(await refusalOf(poll(bank, id))).toMatchObject({ error: "authorization_pending" });
    const merchant = await signInAlice();
    const open = await askAsBearer(house, {
      token: merchant,
      query: "{ consentRequests(first: 1) { nodes { id bank state } } }",
    });
    const approved = await askAsBearer(house, {
      token: merchant,
      query:
        "mutation($input: ApproveConsentRequestInput!) { approveConsentRequest(input: $input) { state } }",
      variables: { input: { requestId: open.data.consentRequests.nodes[0].id, categories: ["IDENTITY"] } },
    });
    expect(approved.data.approveConsentRequest.state).toBe("ACTIVE");
    await delay(1_100);
    const tokens = await poll(bank, id);
    expect(decodeJwt(tokens.access_token)["authorization_details"]).toEqual([
      {
        type: "merchant_credit_profile",
        merchants: [ALICE],
        purposes: ["PRE_LOAN_ASSESSMENT"],
        datatypes: ["IDENTITY"],
      },
    ]);
    const reply = await askAsBank(bank, house, {
      token: tokens.access_token,
      query: PROFILE,
      variables: { id: ALICE, purpose: "PRE_LOAN_ASSESSMENT" },
    });
    expect(reply.data.merchant).toEqual({ identity: { legalName: "Alice Trading" }, transactions: null });
  });

  it("without a browser: a denial by the API reaches the bank", async () => {
    const bank = await openClient(house.issuer, house.clients.otherBank);
    const { auth_req_id: id } = await askBackchannel(bank, house, {
      login_hint: ALICE,
      authorization_details: JSON.stringify([
        consentDetail(ALICE, { purposes: ["FRAUD_PREVENTION"], datatypes: ["IDENTITY"] }),
      ]),
    });
    const token = await signInAlice();
    const open = await askAsBearer(house, { token, query: "{ consentRequests(first: 1) { nodes { id } } }" });
    await askAsBearer(house, {
      token,
      query: "mutation($input: DenyConsentRequestInput!) { denyConsentRequest(input: $input) { state } }",
      variables: { input: { requestId: open.data.consentRequests.nodes[0].id } },
    });
    expect(await refusalOf(poll(bank, id))).toMatchObject({ error: "access_denied" });
  });
});

describe("openid-client", () => {
  it("drives a merchant's app: pushed request, PKCE, callback, refresh, revocation", async () => {
    const { clientId, key, kid } = house.clients.app;
    const config = await oidc.discovery(
      new URL(house.issuer),
      clientId,
      undefined,
      oidc.PrivateKeyJwt({ key, kid }),
      {
        algorithm: "oauth2",
        execute: [oidc.allowInsecureRequests],
      },
    );
    const verifier = oidc.randomPKCECodeVerifier();
    const url = await oidc.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: APP_CALLBACK,
      scope: "consents:read",
      resource: house.audience,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state: "state",
    });
    const browser = openBrowser();
    const page = await browser.submit(await browser.open(url.href), { login: "bob", password: PASSWORD });
    const callback = await browser.submit(page, { decision: "approve" });
    const checks = { pkceCodeVerifier: verifier, expectedState: "state" };
    const tokens = await oidc.authorizationCodeGrant(config, new URL(callback.url), checks);
    const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? "");
    const query = "{ consents(first: 1) { nodes { id } } }";
    expect((await askAsBearer(house, { token: fresh.access_token, query })).data.consents.nodes).toEqual([]);
    await oidc.tokenRevocation(config, fresh.refresh_token ?? "");
    expect((await askAsBearer(house, { token: fresh.access_token, query })).status).toBe(401);
  });
});

describe("docs/examples/first-profile.mjs", () => {
  it("is a bank's first profile, word for word", async () => {
    const merchant = await signInAlice();
    const granted = await askAsBearer(house, {
      token: merchant,
      query: "mutation($input: GrantConsentInput!) { grantConsent(input: $input) { state } }",
      variables: {
        input: {
          bank: "demo-bank",
          purpose: "PRE_LOAN_ASSESSMENT",
          categories: ["IDENTITY", "TRANSACTIONS"],
          lookbackMonths: 12,
          expiresAt: new Date(Date.now() + 30 * 86_400_000).toISOString(),
        },
      },
    });
    expect(granted.errors).toEqual([]);
    const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-example-"));
    const file = path.join(folder, "key.json");
    const { key, kid } = house.clients.bank;
    await writeFile(file, JSON.stringify({ ...(await exportJWK(key)), kid }));
    const output = await run(["docs/examples/first-profile.mjs"], {
      BUREAU: house.audience,
      KEY_FILE: file,
      MERCHANT: ALICE,
    });
    await rm(folder, { recursive: true });
    expect(JSON.parse(output).data.merchant).toEqual({
      identity: { legalName: "Alice Trading" },
      transactions: { orderCount: { value: 1 } },
    });
  });

  function run(words: readonly string[], environment: Record<string, string>): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, words, { cwd: TOP, env: { ...process.env, ...environment } });
      let text = "";
      child.stdout.on("data", (data: Buffer) => (text += data.toString()));
      child.stderr.on("data", (data: Buffer) => (text += data.toString()));
      child.once("error", reject);
      child.once("close", () => resolve(text));
    });
  }
});
