import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE } from "../support/actors.js";
import { startTestIssuer, type TestIssuer } from "../support/issuer.js";
import { clientCredentials, openClient, refusalOf } from "../support/oauth-clients.js";

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

const DETAIL = {
  type: "merchant_credit_profile",
  purposes: ["PRE_LOAN_ASSESSMENT"],
  datatypes: ["IDENTITY"],
  merchants: [ALICE],
};

describe("a bank by itself", () => {
  it("gets a token that is bound to its key and says what it may ask for", async () => {
    const bank = await openClient(issuer.issuer, issuer.clients.bank);
    const { access_token: token, token_type: type } = await clientCredentials(bank, {
      scope: "profile:read",
      resource: issuer.audience,
      authorization_details: JSON.stringify([DETAIL]),
    });
    expect(type).toBe("dpop");
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: "at+jwt", alg: "ES256" });
    expect(decodeJwt(token)).toMatchObject({
      iss: issuer.issuer,
      aud: issuer.audience,
      sub: "demo-bank",
      client_id: "demo-bank",
      party: "bank",
      scope: "profile:read",
      authorization_details: [DETAIL],
      cnf: { jkt: await bank.dpop.calculateThumbprint() },
    });
  });

  it("gets none without a resource", async () => {
    const bank = await openClient(issuer.issuer, issuer.clients.bank);
    expect(await refusalOf(clientCredentials(bank, { scope: "profile:read" }))).toMatchObject({
      status: 400,
      error: "invalid_target",
    });
  });
});
