import { generateKeyPair, exportJWK, SignJWT } from "jose";
import type * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KeySet } from "../../foundation/tokens.js";
import { ALICE } from "../support/actors.js";
import { openBrowser } from "../support/browser.js";
import {
  APP_CALLBACK,
  BANK_CALLBACK,
  PASSWORD,
  registerClient,
  startTestIssuer,
  type TestClient,
  type TestIssuer,
} from "../support/issuer.js";
import {
  clientCredentials,
  consentDetail,
  introspect,
  type OAuthClient,
  openClient,
  push,
  refusalOf,
  revoke,
} from "../support/oauth-clients.js";

let issuer: TestIssuer;
let bank: OAuthClient;
let second: string;
beforeAll(async () => {
  issuer = await startTestIssuer();
  bank = await openClient(issuer.issuer, issuer.clients.bank);
  second = await issuer.another();
});
afterAll(() => issuer.close());

const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

interface Answer {
  readonly status: number;
  readonly error: string;
}

/** One form, as written, to one instance. */
async function post(
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
  base = issuer.audience,
): Promise<Answer> {
  const response = await fetch(`${base}/oauth${path}`, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(form).toString(),
  });
  const body = (await response.json().catch(() => ({}))) as { error?: string };
  return { status: response.status, error: body.error ?? "" };
}

async function assertion(
  client: TestClient,
  claims: object = {},
  { alg = "ES256", key = client.key } = {},
): Promise<string> {
  const seconds = Math.floor(Date.now() / 1000);
  const all = {
    iss: client.clientId,
    sub: client.clientId,
    aud: issuer.issuer,
    jti: crypto.randomUUID(),
    iat: seconds,
    exp: seconds + 60,
    ...claims,
  };
  return new SignJWT(all).setProtectedHeader({ alg, kid: client.kid }).sign(key);
}

function platformRequest(client_assertion: string): Record<string, string> {
  return {
    grant_type: "client_credentials",
    scope: "feeds:write",
    resource: issuer.audience,
    client_assertion_type: JWT_BEARER,
    client_assertion,
  };
}

describe("an assertion of a client", () => {
  const platform = (): TestClient => issuer.clients.platform;

  it("is good once, at whichever instance it is shown first", async () => {
    const form = platformRequest(await assertion(platform()));
    expect(await post("/token", form)).toEqual({ status: 200, error: "" });
    expect(await post("/token", form, {}, second)).toEqual({ status: 401, error: "invalid_client" });
    expect(await post("/token", form)).toEqual({ status: 401, error: "invalid_client" });
  });

  it("shown to two instances at once is good at one of them", async () => {
    const form = platformRequest(await assertion(platform()));
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
    expect(await post("/token", platformRequest(await assertion(platform(), claims())))).toMatchObject({
      status: expect.toSatisfy((status: number) => status === 400 || status === 401),
      error: expect.stringMatching(/^invalid_(client|request)$/),
    });
  });

  it("is accepted when the client's clock is ten seconds ahead", async () => {
    const ahead = Math.floor(Date.now() / 1000) + 8;
    expect(
      (await post("/token", platformRequest(await assertion(platform(), { iat: ahead, nbf: ahead })))).status,
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
      await post("/token", platformRequest(await assertion(rsa, {}, { alg: "RS256", key: privateKey }))),
    ).toEqual({ status: 401, error: "invalid_client" });
    const [, payload = ""] = (await assertion(platform())).split(".");
    const header = Buffer.from('{"alg":"none"}').toString("base64url");
    expect(await post("/token", platformRequest(`${header}.${payload}.`))).toMatchObject({
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
    expect((await post("/token", platformRequest(await assertion(old)))).status).toBe(200);
    const fresh = await generateKeyPair("ES256", { extractable: true });
    const jwks = { keys: [{ ...(await exportJWK(fresh.publicKey)), kid: old.kid, alg: "ES256" }] } as KeySet;
    await issuer.server.registry.clients.setKeys("changing", jwks);
    expect(await post("/token", platformRequest(await assertion(old)))).toMatchObject({
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
    const form = { ...platformRequest(await assertion(issuer.clients.bank)), scope: "profile:read" };
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
      ...platformRequest(await assertion(issuer.clients.bank)),
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
      const form = { ...platformRequest(await assertion(issuer.clients.bank)), scope: "profile:read" };
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

describe("an authorization request", () => {
  const parameters = (): Record<string, string> => ({
    redirect_uri: BANK_CALLBACK,
    scope: "profile:read",
    authorization_details: JSON.stringify([consentDetail(ALICE)]),
  });

  it.each([
    ["another path", `${BANK_CALLBACK}/more`],
    ["another host", "https://bank.test.evil.test/callback"],
    ["a name and password", "https://bank.test@evil.test/callback"],
    ["a fragment", `${BANK_CALLBACK}#x`],
    ["an encoded dot", "https://bank.test/%2e%2e/callback"],
    ["plain http", "http://bank.test/callback"],
    ["another client's address", APP_CALLBACK],
  ])(
    "to an address with %s is refused where it is pushed, and nobody is redirected",
    async (_what, redirect_uri) => {
      expect(await refusalOf(push(bank, issuer, { ...parameters(), redirect_uri }))).toMatchObject({
        status: 400,
        error: expect.stringMatching(/^invalid_(request|redirect_uri)$/),
      });
    },
  );

  it("needs PKCE with S256", async () => {
    const send = async (change: Record<string, string>): Promise<Answer> =>
      post("/par", {
        ...parameters(),
        response_type: "code",
        resource: issuer.audience,
        client_assertion_type: JWT_BEARER,
        client_assertion: await assertion(issuer.clients.bank),
        ...change,
      });
    expect(await send({})).toEqual({ status: 400, error: "invalid_request" });
    expect(await send({ code_challenge: "x".repeat(43), code_challenge_method: "plain" })).toEqual({
      status: 400,
      error: "invalid_request",
    });
  });

  it("must be pushed: parameters in the address lead nowhere", async () => {
    const url = new URL(`${issuer.issuer}/authorize`);
    for (const [name, value] of Object.entries({
      ...parameters(),
      client_id: "demo-bank",
      response_type: "code",
      code_challenge: "x".repeat(43),
      code_challenge_method: "S256",
    }))
      url.searchParams.set(name, value);
    const page = await openBrowser().open(url.href);
    expect(
      page.url.startsWith(BANK_CALLBACK) ? new URL(page.url).searchParams.get("error") : page.status,
    ).toBe("invalid_request");
  });

  it("answers no other way than by a code", async () => {
    for (const response_type of ["token", "id_token", "code token", "none"])
      expect(await refusalOf(push(bank, issuer, { ...parameters(), response_type }))).toMatchObject({
        error: expect.stringMatching(/^(unsupported_response_type|invalid_request)$/),
      });
  });

  it("belongs to who pushed it", async () => {
    const { requestUri } = await push(bank, issuer, parameters());
    const page = await openBrowser().open(
      `${issuer.issuer}/authorize?client_id=second-bank&request_uri=${encodeURIComponent(requestUri)}`,
    );
    expect(page.text + page.url).toMatch(/invalid_request/);
    expect(page.text).not.toContain('name="password"');
  });

  it("is answered once", async () => {
    const app = await openClient(issuer.issuer, issuer.clients.app);
    const pushed = await push(app, issuer, { redirect_uri: APP_CALLBACK, scope: "profile:read" });
    const answerOnce = async (): Promise<string> => {
      const browser = openBrowser();
      const consent = await browser.submit(await browser.open(pushed.url), {
        login: "alice",
        password: PASSWORD,
      });
      return (await browser.submit(consent, { decision: "approve" })).url;
    };
    expect(new URL(await answerOnce()).searchParams.has("code")).toBe(true);
    const again = await openBrowser().open(pushed.url);
    expect(again.text + again.url).toContain("invalid_request_uri");
    expect(again.text).not.toContain('name="password"');
  });

  it("that two browsers began is answered by one of them", async () => {
    const app = await openClient(issuer.issuer, issuer.clients.app);
    const pushed = await push(app, issuer, { redirect_uri: APP_CALLBACK, scope: "profile:read" });
    const browsers = [openBrowser(), openBrowser()];
    const pages = await Promise.all(browsers.map((browser) => browser.open(pushed.url)));
    const consents = await Promise.all(
      browsers.map((browser, i) => browser.submit(pages[i] as never, { login: "alice", password: PASSWORD })),
    );
    const ends = await Promise.all(
      browsers.map((browser, i) => browser.submit(consents[i] as never, { decision: "approve" })),
    );
    expect(ends.filter(({ url }) => new URL(url).searchParams.has("code"))).toHaveLength(1);
  });

  it("shows names as text, whatever is in them", async () => {
    const hostile = await openClient(
      issuer.issuer,
      await registerClient(issuer.server, {
        clientId: "hostile",
        party: "merchant",
        partyId: "hostile",
        name: `"><script>alert(1)</script>`,
        redirectUris: ["https://hostile.test/cb"],
      }),
    );
    const page = await openBrowser().open(
      (await push(hostile, issuer, { redirect_uri: "https://hostile.test/cb", scope: "profile:read" })).url,
    );
    expect(page.text).toContain("&quot;&gt;&lt;script&gt;");
    expect(page.text).not.toContain("<script");
  });
});

describe("addresses", () => {
  it("in answers are the issuer's, whatever a request says of its host", async () => {
    const headers = { host: "evil.test", "x-forwarded-host": "evil.test", "x-forwarded-proto": "https" };
    const response = await fetch(`${issuer.issuer}/.well-known/openid-configuration`, { headers });
    const metadata = (await response.json()) as Record<string, unknown>;
    expect(JSON.stringify(metadata)).not.toContain("evil.test");
    expect(metadata["token_endpoint"]).toBe(`${issuer.issuer}/token`);
  });

  it("are the same where RFC 8414 and OpenID Connect look for them", async () => {
    const places = [
      `${issuer.audience}/.well-known/oauth-authorization-server/oauth`,
      `${issuer.audience}/.well-known/openid-configuration/oauth`,
      `${issuer.issuer}/.well-known/oauth-authorization-server`,
      `${issuer.issuer}/.well-known/openid-configuration`,
    ];
    const found = await Promise.all(places.map(async (place) => (await fetch(place)).json()));
    expect(found[0]).toMatchObject({
      issuer: issuer.issuer,
      require_pushed_authorization_requests: true,
      authorization_response_iss_parameter_supported: true,
      authorization_details_types_supported: ["merchant_credit_profile"],
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: ["private_key_jwt"],
      token_endpoint_auth_signing_alg_values_supported: ["ES256", "PS256", "EdDSA", "Ed25519"],
      response_types_supported: ["code"],
    });
    for (const other of found) expect(other).toEqual(found[0]);
  });
});

describe("revocation and introspection", () => {
  it("are each client's own; officers see all", async () => {
    const { access_token: token } = await clientCredentials(bank, {
      scope: "consents:read",
      resource: issuer.audience,
    });
    const other = await openClient(issuer.issuer, issuer.clients.otherBank);
    const officer = await openClient(issuer.issuer, issuer.clients.officer);
    expect(await introspect(other, token)).toEqual({ active: false });
    expect(await introspect(officer, token)).toMatchObject({
      active: true,
      sub: "demo-bank",
      client_id: "demo-bank",
      party: "bank",
    });
    await revoke(other, token);
    expect(await introspect(bank, token)).toMatchObject({ active: true });
    await revoke(bank, token);
    await revoke(bank, token);
    expect(await introspect(officer, token)).toEqual({ active: false });
  });

  it("say nothing of what is no token of ours", async () => {
    const { access_token: token } = await clientCredentials(bank, {
      scope: "consents:read",
      resource: issuer.audience,
    });
    const [header = "", payload = "", signature = ""] = token.split(".");
    const forged = `${header}.${Buffer.from(payload, "base64url").toString("base64url").slice(0, -2)}AA.${signature}`;
    for (const text of ["x", forged, `${token}x`, "a.b.c"]) {
      expect(await introspect(bank, text), text).toEqual({ active: false });
      await revoke(bank, text);
    }
    expect(await introspect(bank, token)).toMatchObject({ active: true });
  });

  it("need a client that proves itself", async () => {
    for (const path of ["/introspect", "/revoke"])
      expect(await post(path, { token: "x", client_id: "demo-bank" })).toMatchObject({
        status: 401,
        error: "invalid_client",
      });
  });
});

it("nothing went wrong behind all this", () => {
  expect(issuer.errors).toEqual([]);
});
