import * as oidc from "openid-client";
import { LOOPBACK_CALLBACK, type MarketPerson } from "../market/market-parties.js";
import type { IssuerClient } from "./issuer-client.js";

const REDIRECTS_MAX = 10;

/**
 * A merchant's access token by the road that a merchant takes: a pushed request with PKCE, the login page, the consent
 * page, the code.
 * @throws TypeError when a page says something else than expected
 */
export async function signIn(
  { config, resource }: IssuerClient,
  person: MarketPerson,
  scope: string,
): Promise<string> {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const address = await oidc.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: LOOPBACK_CALLBACK,
    scope,
    resource,
    state,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const pages = openPages();
  const login = await pages.open(address.href);
  const consent = await pages.submit(login, { login: person.login, password: person.password });
  const callback = await pages.submit(consent, { decision: "approve" });
  const tokens = await oidc.authorizationCodeGrant(config, new URL(callback.url), {
    pkceCodeVerifier: verifier,
    expectedState: state,
  });
  return tokens.access_token;
}

interface Page {
  readonly url: string;
  readonly text: string;
}

/** Cookies, redirects and forms: what a browser without scripts can do. */
function openPages() {
  const cookies = new Map<string, string>();
  const go = async (url: string, init: RequestInit, left = REDIRECTS_MAX): Promise<Page> => {
    if (url.startsWith(`${LOOPBACK_CALLBACK}?`)) return { url, text: "" };
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", ...init.headers, ...(cookie === "" ? {} : { cookie }) };
    const response = await fetch(url, { redirect: "manual", ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const text = await response.text();
    const location = response.headers.get("location");
    if (location !== null && left > 0) return go(new URL(location, url).href, {}, left - 1);
    if (!response.ok) throw new TypeError(`the authorization server answered ${response.status} at ${url}`);
    return { url, text };
  };
  return {
    open: (url: string): Promise<Page> => go(url, {}),
    submit: async (page: Page, fields: Readonly<Record<string, string>>): Promise<Page> => {
      const forms = [...page.text.matchAll(/<form method="post" action="([^"]*)">([\s\S]*?)<\/form>/g)];
      const [, action, content = ""] = forms.at(-1) ?? [];
      if (action === undefined) throw new TypeError(`there is no form at ${page.url}`);
      const csrf = /name="csrf" value="([^"]*)"/.exec(content)?.[1] ?? "";
      return go(new URL(action, page.url).href, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ csrf, ...fields }).toString(),
      });
    },
  };
}
