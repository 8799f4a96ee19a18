import * as oauth from "oauth4webapi";
import type { TestClient, TestIssuer } from "./issuer.js";

const PLAIN_HTTP = { [oauth.allowInsecureRequests]: true } as const;

/** One client over `oauth4webapi`, which shares no line with the server. */
export interface OAuthClient {
  readonly as: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly auth: oauth.ClientAuth;
  readonly dpop: oauth.DPoPHandle;
  readonly options: { readonly DPoP?: oauth.DPoPHandle; readonly [oauth.allowInsecureRequests]: true };
}

export interface OpenClientOptions {
  /** False: tokens are bound to nothing. */
  readonly isBound?: boolean;
}

/** Reads the metadata as RFC 8414 says, and makes a client with a key of its own for proofs. */
export async function openClient(
  issuer: string,
  { clientId, key, kid }: TestClient,
  { isBound = true }: OpenClientOptions = {},
): Promise<OAuthClient> {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, { ...PLAIN_HTTP, algorithm: "oauth2" });
  const as = await oauth.processDiscoveryResponse(url, response);
  const client: oauth.Client = { client_id: clientId, id_token_signed_response_alg: "ES256" };
  const dpop = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
  return {
    as,
    client,
    auth: oauth.PrivateKeyJwt({ key, kid }),
    dpop,
    options: isBound ? { ...PLAIN_HTTP, DPoP: dpop } : PLAIN_HTTP,
  };
}

/**
 * Calls once more when the server wants another nonce: the server and the gateway share an origin, by which this library
 * keeps nonces, and neither takes the other's.
 */
async function withNonce<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (oauth.isDPoPNonceError(error)) return call();
    throw error;
  }
}

/** A token by client credentials. */
export async function clientCredentials(
  { as, client, auth, options }: OAuthClient,
  parameters: Record<string, string>,
): Promise<oauth.TokenEndpointResponse> {
  return withNonce(async () => {
    const response = await oauth.clientCredentialsGrantRequest(as, client, auth, parameters, options);
    return oauth.processClientCredentialsResponse(as, client, response);
  });
}

/** What an OAuth error response says; fails the test when the call succeeds. */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<{ status: number; error: string; text: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError)
      return { status: error.status, error: error.error, text: error.error_description ?? "" };
    if (error instanceof oauth.AuthorizationResponseError)
      return { status: 303, error: error.error, text: error.error_description ?? "" };
    if (error instanceof oauth.WWWAuthenticateChallengeError)
      return { status: error.status, error: String(error.cause[0]?.parameters.error), text: "" };
    throw error;
  }
  throw new Error("it was not refused");
}

export interface ConsentDetail {
  readonly type: string;
  readonly merchants: readonly string[];
  readonly purposes: readonly string[];
  readonly datatypes: readonly string[];
  readonly privileges?: readonly string[];
  readonly lookback_months: number;
  readonly expires_at: string;
  readonly frequency: { readonly count: number; readonly period: string };
}

/** A consent that a bank may ask for. */
export function consentDetail(merchant: string, rest: Partial<ConsentDetail> = {}): ConsentDetail {
  return {
    type: "merchant_credit_profile",
    merchants: [merchant],
    purposes: ["PRE_LOAN_ASSESSMENT"],
    datatypes: ["IDENTITY", "TRANSACTIONS", "SOCIAL"],
    lookback_months: 12,
    expires_at: new Date(Date.now() + 30 * 86_400_000).toISOString(),
    frequency: { count: 10, period: "MONTH" },
    ...rest,
  };
}

/** An authorization request that was pushed, and what its client must remember. */
export interface Pushed {
  readonly requestUri: string;
  readonly verifier: string;
  readonly state: string;
  readonly url: string;
}

/** Pushes an authorization request (RFC 9126). */
export async function push(
  { as, client, auth, options }: OAuthClient,
  issuer: Pick<TestIssuer, "audience">,
  parameters: Record<string, string>,
): Promise<Pushed> {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const all = {
    response_type: "code",
    resource: issuer.audience,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...parameters,
  };
  const { request_uri: requestUri } = await withNonce(async () => {
    const response = await oauth.pushedAuthorizationRequest(as, client, auth, all, options);
    return oauth.processPushedAuthorizationResponse(as, client, response);
  });
  const url = new URL(as.authorization_endpoint ?? "");
  url.searchParams.set("client_id", client.client_id);
  url.searchParams.set("request_uri", requestUri);
  return { requestUri, verifier, state, url: url.href };
}

/** Exchanges the code that came back for tokens. */
export async function exchange(
  { as, client, auth, options }: OAuthClient,
  { verifier, state }: Pushed,
  callback: string,
): Promise<oauth.TokenEndpointResponse> {
  const parameters = oauth.validateAuthResponse(as, client, new URL(callback), state);
  const redirectUri = callback.split("?")[0] ?? "";
  return withNonce(async () => {
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      auth,
      parameters,
      redirectUri,
      verifier,
      options,
    );
    return oauth.processAuthorizationCodeResponse(as, client, response);
  });
}

/** Asks for new tokens. */
export async function refresh(
  { as, client, auth, options }: OAuthClient,
  token: string,
): Promise<oauth.TokenEndpointResponse> {
  return withNonce(async () => {
    const response = await oauth.refreshTokenGrantRequest(as, client, auth, token, options);
    return oauth.processRefreshTokenResponse(as, client, response);
  });
}

export async function introspect(
  { as, client, auth }: OAuthClient,
  token: string,
): Promise<oauth.IntrospectionResponse> {
  const response = await oauth.introspectionRequest(as, client, auth, token, PLAIN_HTTP);
  return oauth.processIntrospectionResponse(as, client, response);
}

export async function revoke({ as, client, auth }: OAuthClient, token: string): Promise<void> {
  const response = await oauth.revocationRequest(as, client, auth, token, PLAIN_HTTP);
  await oauth.processRevocationResponse(response);
}

/** Asks by the backchannel (CIBA). */
export async function askBackchannel(
  { as, client, auth }: OAuthClient,
  issuer: Pick<TestIssuer, "audience">,
  parameters: Record<string, string>,
): Promise<oauth.BackchannelAuthenticationResponse> {
  const all = { scope: "openid profile:read", resource: issuer.audience, ...parameters };
  const response = await oauth.backchannelAuthenticationRequest(as, client, auth, all, PLAIN_HTTP);
  return oauth.processBackchannelAuthenticationResponse(as, client, response);
}

/** Polls once for the answer. */
export async function poll(
  { as, client, auth, options }: OAuthClient,
  authReqId: string,
): Promise<oauth.TokenEndpointResponse> {
  return withNonce(async () => {
    const response = await oauth.backchannelAuthenticationGrantRequest(as, client, auth, authReqId, options);
    return oauth.processBackchannelAuthenticationGrantResponse(as, client, response);
  });
}
