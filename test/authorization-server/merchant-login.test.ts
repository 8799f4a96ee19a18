import { decodeJwt } from "jose";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE } from "../support/actors.js";
import { openBrowser, type Page } from "../support/browser.js";
import { APP_CALLBACK, PASSWORD, startTestIssuer, type TestIssuer } from "../support/issuer.js";
import {
  exchange,
  introspect,
  type OAuthClient,
  openClient,
  push,
  type Pushed,
  refresh,
  refusalOf,
  revoke,
} from "../support/oauth-clients.js";

let issuer: TestIssuer;
let app: OAuthClient;
beforeAll(async () => {
  issuer = await startTestIssuer();
  app = await openClient(issuer.issuer, issuer.clients.app);
});
afterAll(() => issuer.close());

const SCOPE = "profile:read consents:manage consents:read inquiries:read";

/** Signs in and agrees; resolves to the address that the app is called back at. */
async function signIn(pushed: Pushed, login = "alice"): Promise<string> {
  const browser = openBrowser();
  const signInPage = await browser.open(pushed.url);
  const consent = await browser.submit(signInPage, { login, password: PASSWORD });
  return (await browser.submit(consent, { decision: "approve" })).url;
}

function pushApp(parameters: Record<string, string> = {}): Promise<Pushed> {
  return push(app, issuer, { redirect_uri: APP_CALLBACK, scope: SCOPE, ...parameters });
}

describe("a merchant's own session", () => {
  it("begins with a pushed request, a login and a consent, and names merchant and person", async () => {
    const pushed = await pushApp();
    const callback = await signIn(pushed);
    expect(new URL(callback).searchParams.get("iss")).toBe(issuer.issuer);
    const tokens = await exchange(app, pushed, callback);
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      sub: ALICE,
      party: "merchant",
      client_id: "merchant-app",
      signatory: issuer.people.alice,
      scope: SCOPE,
      aud: issuer.audience,
      grant_id: expect.stringMatching(/^[\w-]{20,}$/),
    });
    expect(issuer.errors).toEqual([]);
  });

  it("goes on with a refresh token that changes each time; an old one ends the grant", async () => {
    const pushed = await pushApp();
    const first = await exchange(app, pushed, await signIn(pushed));
    const second = await refresh(app, first.refresh_token ?? "");
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const { grant_id: grant } = decodeJwt(second.access_token);
    expect(await refusalOf(refresh(app, first.refresh_token ?? ""))).toMatchObject({
      error: "invalid_grant",
    });
    expect(issuer.ended).toContain(`GRANT ${issuer.issuer}|${String(grant)}`);
    expect(await refusalOf(refresh(app, second.refresh_token ?? ""))).toMatchObject({
      error: "invalid_grant",
    });
    expect(await introspect(app, second.access_token)).toEqual({ active: false });
  });

  it("ends when the refresh token is revoked, and so does everything under its grant", async () => {
    const pushed = await pushApp();
    const tokens = await exchange(app, pushed, await signIn(pushed));
    expect(await introspect(app, tokens.access_token)).toMatchObject({
      active: true,
      sub: ALICE,
      party: "merchant",
    });
    await revoke(app, tokens.refresh_token ?? "");
    expect(issuer.ended).toContain(
      `GRANT ${issuer.issuer}|${String(decodeJwt(tokens.access_token)["grant_id"])}`,
    );
    expect(await introspect(app, tokens.access_token)).toEqual({ active: false });
    expect(await refusalOf(refresh(app, tokens.refresh_token ?? ""))).toMatchObject({
      error: "invalid_grant",
    });
  });

  it("ends one access token alone when only that is revoked; its refresh token ends with it, the grant does not", async () => {
    const pushed = await pushApp();
    const tokens = await exchange(app, pushed, await signIn(pushed));
    const claims = decodeJwt(tokens.access_token);
    await revoke(app, tokens.access_token);
    expect(issuer.ended).toContain(`TOKEN ${issuer.issuer}|${claims.jti}`);
    expect(issuer.ended).not.toContain(`GRANT ${issuer.issuer}|${String(claims["grant_id"])}`);
    expect(await introspect(app, tokens.access_token)).toEqual({ active: false });
  });

  it("is not given away: a code is good once, and a second use ends what the first one got", async () => {
    const pushed = await pushApp();
    const callback = await signIn(pushed);
    const tokens = await exchange(app, pushed, callback);
    expect(await refusalOf(exchange(app, pushed, callback))).toMatchObject({ error: "invalid_grant" });
    expect(issuer.ended).toContain(
      `GRANT ${issuer.issuer}|${String(decodeJwt(tokens.access_token)["grant_id"])}`,
    );
    expect(await refusalOf(refresh(app, tokens.refresh_token ?? ""))).toMatchObject({
      error: "invalid_grant",
    });
  });

  it("says access_denied to the app when the merchant denies", async () => {
    const pushed = await pushApp();
    const browser = openBrowser();
    const consent = await browser.submit(await browser.open(pushed.url), {
      login: "alice",
      password: PASSWORD,
    });
    const { url } = await browser.submit(consent, { decision: "deny" });
    expect(() => oauth.validateAuthResponse(app.as, app.client, new URL(url), pushed.state)).toThrow(
      expect.objectContaining({ error: "access_denied" }),
    );
  });
});

describe("the pages", () => {
  const expectClosed = (page: Page): void => {
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(page.headers.get("x-frame-options")).toBe("DENY");
    expect(page.text).not.toMatch(/<script|javascript:|\son\w+=/i);
  };

  it("are not cached, not framed and run nothing", async () => {
    const browser = openBrowser();
    const signInPage = await browser.open((await pushApp()).url);
    expectClosed(signInPage);
    expectClosed(await browser.submit(signInPage, { login: "alice", password: PASSWORD }));
  });

  it("say the same of a wrong password and of a login that nobody has", async () => {
    const texts: string[] = [];
    for (const login of ["bob", "nobody-at-all"]) {
      const browser = openBrowser();
      const page = await browser.submit(await browser.open((await pushApp()).url), {
        login,
        password: "not the password",
      });
      expect(page.status).toBe(401);
      texts.push(page.text.replaceAll(/value="[^"]*"|interaction\/[\w-]+/g, ""));
    }
    expect(texts[0]).toBe(texts[1]);
  });

  it("slow down whoever guesses", async () => {
    const browser = openBrowser();
    let page = await browser.open((await pushApp()).url);
    const seen: number[] = [];
    for (let guess = 0; guess < 6; guess += 1) {
      page = await browser.submit(page, { login: "guessed", password: `guess number ${guess}` });
      seen.push(page.status);
    }
    expect(seen).toEqual([401, 401, 401, 401, 401, 429]);
    expect(Number(page.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("refuse a form that was not on them, or that another site sends", async () => {
    const browser = openBrowser();
    const page = await browser.open((await pushApp()).url);
    expect((await browser.submit(page, { login: "alice", password: PASSWORD, csrf: "guessed" })).status).toBe(
      403,
    );
    const elsewhere = openBrowser({ origin: "https://elsewhere.test" });
    const other = await elsewhere.open((await pushApp()).url);
    expect((await elsewhere.submit(other, { login: "alice", password: PASSWORD })).status).toBe(403);
  });

  it("belong to one browser: another one's address leads nowhere", async () => {
    const page = await openBrowser().open((await pushApp()).url);
    const stranger = await openBrowser().open(page.url);
    expect(stranger.status).toBe(400);
    expect(stranger.text).not.toContain('name="password"');
  });
});
