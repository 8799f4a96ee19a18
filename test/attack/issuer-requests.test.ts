import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE } from "../support/actors.js";
import { openBrowser } from "../support/browser.js";
import {
  APP_CALLBACK,
  BANK_CALLBACK,
  PASSWORD,
  registerClient,
  startTestIssuer,
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
import { type FormAnswer, makeAssertion, platformRequest, postForm } from "../support/oauth-forms.js";

let issuer: TestIssuer;
let bank: OAuthClient;
beforeAll(async () => {
  issuer = await startTestIssuer();
  bank = await openClient(issuer.issuer, issuer.clients.bank);
});
afterAll(() => issuer.close());

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
    const send = async (change: Record<string, string>): Promise<FormAnswer> =>
      postForm(`${issuer.issuer}/par`, {
        ...platformRequest(issuer, await makeAssertion(issuer.issuer, issuer.clients.bank)),
        ...parameters(),
        response_type: "code",
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
      expect(await postForm(`${issuer.issuer}${path}`, { token: "x", client_id: "demo-bank" })).toMatchObject(
        {
          status: 401,
          error: "invalid_client",
        },
      );
  });
});

it("nothing went wrong behind all this", () => {
  expect(issuer.errors).toEqual([]);
});
