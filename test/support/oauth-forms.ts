import { SignJWT } from "jose";
import type { TestClient, TestIssuer } from "./issuer.js";

const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

export interface FormAnswer {
  readonly status: number;
  readonly error: string;
}

/** One form, as written, to one instance of the authorization server. */
export async function postForm(
  place: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<FormAnswer> {
  const response = await fetch(place, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(form).toString(),
  });
  const body = (await response.json().catch(() => ({}))) as { error?: string };
  return { status: response.status, error: body.error ?? "" };
}

/** What a client proves itself with (RFC 7523), changed as told. */
export async function makeAssertion(
  issuer: string,
  client: TestClient,
  claims: object = {},
  { alg = "ES256", key = client.key } = {},
): Promise<string> {
  const seconds = Math.floor(Date.now() / 1000);
  const all = {
    iss: client.clientId,
    sub: client.clientId,
    aud: issuer,
    jti: crypto.randomUUID(),
    iat: seconds,
    exp: seconds + 60,
    ...claims,
  };
  return new SignJWT(all).setProtectedHeader({ alg, kid: client.kid }).sign(key);
}

/** A platform's request for a token. */
export function platformRequest(
  { audience }: Pick<TestIssuer, "audience">,
  client_assertion: string,
): Record<string, string> {
  return {
    grant_type: "client_credentials",
    scope: "feeds:write",
    resource: audience,
    client_assertion_type: JWT_BEARER,
    client_assertion,
  };
}
