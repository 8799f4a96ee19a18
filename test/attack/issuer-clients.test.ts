import { generateKeyPair, exportJWK, SignJWT } from "jose";
import type * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KeySet } from "../../foundation/tokens.js";
import { ALICE } from "../support/actors.js";

import { registerClient, startTestIssuer, type TestClient, type TestIssuer } from "../support/issuer.js";
import { clientCredentials, type OAuthClient, openClient, refusalOf } from "../support/oauth-clients.js";
import { type FormAnswer, makeAssertion, platformRequest, postForm } from "../support/oauth-forms.js";

let issuer: TestIssuer;
let bank: OAuthClient;
let second: string;
beforeAll(async () => {
  issuer = await startTestIssuer();
  bank = await openClient(issuer.issuer, issuer.clients.bank);
  second = await issuer.another();
});
afterAll(() => issuer.close());

const post = (
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
  base = issuer.audience,
): Promise<FormAnswer> => postForm(`${base}/oauth${path}`, form, headers);
const assertion = (
  client: TestClient,
  claims: object = {},
  means: Parameters<typeof makeAssertion>[3] = {},
): Promise<string> => makeAssertion(issuer.issuer, client, claims, means);
const request = (text: string): Record<string, string> => platformRequest(issuer, text);

describe("an assertion of a client", () => {
  const platform = (): TestClient => issuer.clients.platform;

  it("is good once, at whichever instance it is shown first", async () => {
    const form = request(await assertion(platform()));
    expect(await post("/token", form)).toEqual({ status: 200, error: "" });
    expect(await post("/token", form, {}, second)).toEqual({ status: 401, error: "invalid_client" });
    expect(await post("/token", form)).toEqual({ status: 401, error: "invalid_client" });
  });

  it("shown to two instances at once is good at one of them", async () => {
    const form = request(await assertion(platform()));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => post("/token", form, {}, i % 2 === 0 ? issuer.audience : second)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ error }) => error === "invalid_client")).toHaveLength(7);
  });

  it.each([
    ["for the token endpoint", () => ({ aud: `${issuer.issuer}/token` })],
    ["for the pushed-request endpoint", () => ({ aud: `${issuer.issuer}/par` })],
    ["for a list with the issuer in it", () => ({ aud: [issuer.issuer] })],
    ["for the issuer with a slash", () => ({ aud: `${issuer.issuer}/` })],
    ["for nobody", () => ({ aud: undefined })],
    ["of another client", () => ({ iss: "demo-bank" })],
    ["without a name of its own", () => ({ jti: undefined })],
    ["without an end", () => ({ exp: undefined })],
    ["with an end far away", () => ({ exp: Math.floor(Date.now() / 1000) + 86_400 })],
    ["that has ended", () => ({ exp: Math.floor(Date.now() / 1000) - 61 })],
    ["from the future", () => ({ iat: Math.floor(Date.now() / 1000) + 61 })],
    ["not valid yet", () => ({ nbf: Math.floor(Date.now() / 1000) + 61 })],
  ])("%s is refused", async (_what, claims) => {
    expect(await post("/token", request(await assertion(platform(), claims())))).toMatchObject({
      status: expect.toSatisfy((status: number) => status === 400 || status === 401),
      error: expect.stringMatching(/^invalid_(client|request)$/),
    });
  });

  it("is accepted when the client's clock is ten seconds ahead", async () => {
    const ahead = Math.floor(Date.now() / 1000) + 8;
    expect(
      (await post("/token", request(await assertion(platform(), { iat: ahead, nbf: ahead })))).status,
    ).toBe(200);
  });

  it("with RS256, or without a signature, is refused whatever key is registered", async () => {
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: "rsa", alg: "RS256" };
    const client = {
      clientId: "rsa-platform",
      party: "platform" as const,
      partyId: "rsa",
      name: "RSA",
      redirectUris: [],
    };
    await expect(
      issuer.server.registry.clients.add({ ...client, jwks: { keys: [jwk] } as KeySet }),
    ).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    const { alg: _alg, ...anyAlgorithm } = jwk;
    await issuer.server.registry.clients.add({ ...client, jwks: { keys: [anyAlgorithm] } as KeySet });
    const rsa = { clientId: client.clientId, kid: "rsa", key: privateKey };
    expect(
      await post("/token", request(await assertion(rsa, {}, { alg: "RS256", key: privateKey }))),
    ).toEqual({ status: 401, error: "invalid_client" });
    const [, payload = ""] = (await assertion(platform())).split(".");
    const header = Buffer.from('{"alg":"none"}').toString("base64url");
    expect(await post("/token", request(`${header}.${payload}.`))).toMatchObject({
      status: 401,
      error: "invalid_client",
    });
  });

  it("signed with a key that the client gave up is refused", async () => {
    const old = await registerClient(issuer.server, {
      clientId: "changing",
      party: "platform",
      partyId: "changing",
      name: "Changing",
      redirectUris: [],
    });
    expect((await post("/token", request(await assertion(old)))).status).toBe(200);
    const fresh = await generateKeyPair("ES256", { extractable: true });
    const jwks = { keys: [{ ...(await exportJWK(fresh.publicKey)), kid: old.kid, alg: "ES256" }] } as KeySet;
    await issuer.server.registry.clients.setKeys("changing", jwks);
    expect(await post("/token", request(await assertion(old)))).toMatchObject({
      error: "invalid_client",
    });
  });

  it("is the only way in: no secret, no name alone", async () => {
    expect(
      await post("/token", {
        grant_type: "client_credentials",
        client_id: "taoyuan-market",
        client_secret: "guess",
      }),
    ).toMatchObject({ error: expect.stringMatching(/^invalid_(client|request)$/) });
    expect(
      await post("/token", { grant_type: "client_credentials", client_id: "taoyuan-market" }),
    ).toMatchObject({ error: "invalid_client" });
  });
});

describe("a token request", () => {
  it("of a bank without a proof of its key is refused: its tokens are bound", async () => {
    const form = { ...request(await assertion(issuer.clients.bank)), scope: "profile:read" };
    expect(await post("/token", form)).toEqual({ status: 400, error: "invalid_grant" });
  });

  it("with a proof that was used before is refused, at another instance as well", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const jwk = await exportJWK(publicKey);
    const proof = await new SignJWT({ jti: crypto.randomUUID(), htm: "POST", htu: `${issuer.issuer}/token` })
      .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk })
      .setIssuedAt()
      .sign(privateKey);
    const form = async (): Promise<Record<string, string>> => ({
      ...request(await assertion(issuer.clients.bank)),
      scope: "profile:read",
    });
    expect((await post("/token", await form(), { dpop: proof })).status).toBe(200);
    expect(await post("/token", await form(), { dpop: proof }, second)).toMatchObject({
      status: 400,
      error: "invalid_grant",
    });
  });

  it("with a proof for another address, method, or of another time is refused", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const jwk = await exportJWK(publicKey);
    const seconds = Math.floor(Date.now() / 1000);
    for (const claims of [{ htu: `${issuer.issuer}/par` }, { htm: "GET" }, { iat: seconds - 301 - 60 }]) {
      const proof = await new SignJWT({
        jti: crypto.randomUUID(),
        htm: "POST",
        htu: `${issuer.issuer}/token`,
        iat: seconds,
        ...claims,
      })
        .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk })
        .sign(privateKey);
      const form = { ...request(await assertion(issuer.clients.bank)), scope: "profile:read" };
      expect(await post("/token", form, { dpop: proof })).toMatchObject({
        status: 400,
        error: expect.stringMatching(/^(invalid_dpop_proof|use_dpop_nonce)$/),
      });
    }
  });

  it("gives no more than the client is registered for", async () => {
    const refused: readonly (readonly [object, string])[] = [
      [{ scope: "feeds:write", resource: issuer.audience }, "invalid_scope"],
      [{ scope: "consents:manage", resource: issuer.audience }, "invalid_scope"],
      [{ resource: issuer.audience }, "invalid_scope"],
      [{ scope: "unheard:of", resource: issuer.audience }, "invalid_scope"],
      [{ scope: "profile:read", resource: "https://elsewhere.test" }, "invalid_target"],
      [{ scope: "profile:read", resource: `${issuer.audience}/graphql` }, "invalid_target"],
      [{ scope: "profile:read" }, "invalid_target"],
    ];
    for (const [parameters, error] of refused)
      expect(
        await refusalOf(clientCredentials(bank, parameters as Record<string, string>)),
        JSON.stringify(parameters),
      ).toMatchObject({ status: 400, error });
    const platform = await openClient(issuer.issuer, issuer.clients.platform);
    const authorization_details = JSON.stringify([
      { type: "merchant_credit_profile", purposes: ["PRE_LOAN_ASSESSMENT"], datatypes: ["IDENTITY"] },
    ]);
    expect(
      await refusalOf(
        clientCredentials(platform, {
          scope: "feeds:write",
          resource: issuer.audience,
          authorization_details,
        }),
      ),
    ).toMatchObject({ error: "invalid_authorization_details" });
  });

  it.each([
    ["an unknown type", { type: "payment" }],
    ["an unknown member", { consent: "x" }],
    ["a member of a request for consent", { lookback_months: 12 }],
    ["an unknown category", { datatypes: ["GOSSIP"] }],
    ["no category", { datatypes: [] }],
    ["a category twice", { datatypes: ["IDENTITY", "IDENTITY"] }],
    ["no list", { datatypes: "IDENTITY" }],
    ["an unknown level", { privileges: ["EVERYTHING"] }],
    ["the merchant's own purpose", { purposes: ["OWN_QUERY"] }],
    ["no merchant", { merchants: ["not a code"] }],
    ["too many merchants", { merchants: Array.from({ length: 101 }, () => ALICE) }],
  ])("with %s in its details is refused", async (_what, change) => {
    const detail = {
      type: "merchant_credit_profile",
      purposes: ["PRE_LOAN_ASSESSMENT"],
      datatypes: ["IDENTITY"],
      ...change,
    };
    const authorization_details = JSON.stringify([detail]);
    expect(
      await refusalOf(
        clientCredentials(bank, { scope: "profile:read", resource: issuer.audience, authorization_details }),
      ),
    ).toMatchObject({
      status: 400,
      error: "invalid_authorization_details",
    });
  });

  it("keeps a bank to the purposes that it is registered for", async () => {
    const factor = await openClient(
      issuer.issuer,
      await registerClient(issuer.server, {
        clientId: "factor",
        party: "bank",
        partyId: "factor",
        name: "Factor",
        redirectUris: [],
        purposes: ["RECEIVABLES_FINANCING"],
      }),
    );
    const ask = (purpose: string): Promise<oauth.TokenEndpointResponse> =>
      clientCredentials(factor, {
        scope: "profile:read",
        resource: issuer.audience,
        authorization_details: JSON.stringify([
          { type: "merchant_credit_profile", purposes: [purpose], datatypes: ["IDENTITY"] },
        ]),
      });
    expect((await ask("RECEIVABLES_FINANCING")).access_token).toBeDefined();
    expect(await refusalOf(ask("PRE_LOAN_ASSESSMENT"))).toMatchObject({
      error: "invalid_authorization_details",
    });
  });
});

it("nothing went wrong behind all this", () => {
  expect(issuer.errors).toEqual([]);
});
