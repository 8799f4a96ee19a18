// A bank's first profile: node docs/examples/first-profile.mjs
import { readFile } from "node:fs/promises";
import * as oidc from "openid-client";

const { BUREAU = "http://127.0.0.1:4000", CLIENT_ID = "demo-bank", MERCHANT = "91990100MA1000009F" } = process.env;
const { KEY_FILE = ".xinqiao/keys/clients/demo-bank.jwk.json" } = process.env;

// The key whose public half is registered with the bureau: with it the bank proves who it is (RFC 7523).
const { kid, ...jwk } = JSON.parse(await readFile(KEY_FILE, "utf8"));
const key = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const config = await oidc.discovery(new URL(`${BUREAU}/oauth`), CLIENT_ID, {}, oidc.PrivateKeyJwt({ key, kid }), {
  algorithm: "oauth2",
  execute: BUREAU.startsWith("http:") ? [oidc.allowInsecureRequests] : [],
});

// A token is bound to a key that never leaves this process (RFC 9449), and says what it may ask for (RFC 9396).
const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
const detail = { type: "merchant_credit_profile", purposes: ["PRE_LOAN_ASSESSMENT"], datatypes: ["IDENTITY", "TRANSACTIONS"] };
const token = await oidc.clientCredentialsGrant(
  config,
  { scope: "profile:read", resource: BUREAU, authorization_details: JSON.stringify([detail]) },
  { DPoP },
);

// Each request brings a fresh proof; the library answers the gateway's nonce by itself.
const query = `query($id: MerchantId!) {
  merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "CASE-1") {
    identity { legalName } transactions(window: { months: 12 }) { orderCount { value } } } }`;
const body = JSON.stringify({ query, variables: { id: MERCHANT } });
const headers = new Headers({ "content-type": "application/json" });
const url = new URL(`${BUREAU}/graphql`);
const answer = await oidc.fetchProtectedResource(config, token.access_token, url, "POST", body, headers, { DPoP });
console.log(JSON.stringify(await answer.json(), null, 2));
