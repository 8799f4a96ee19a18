import type { Client, Configuration, KoaContextWithOIDC } from "oidc-provider";
import { PROFILE_DETAIL_TYPE } from "../../schema/claims.js";
import { grantedDetails, validateDetail } from "../consent/bank-consent.js";
import { SIGNING_ALGORITHM } from "../keys/key-ring-file.js";
import { signingKey } from "../keys/key-ring.js";
import { errors } from "../provider.js";
import type { ConfigurationParts } from "./configuration-parts.js";
import { inProtocol } from "./oauth-errors.js";
import { partyOf } from "./token-claims.js";

type Features = NonNullable<Configuration["features"]>;

/** The features that are on, and what they ask of us. */
export function createFeatures(parts: ConfigurationParts): Configuration["features"] {
  const { desk, secrets } = parts;
  return {
    devInteractions: { enabled: false },
    fapi: { enabled: true, profile: "2.0" },
    clientCredentials: { enabled: true },
    // Single use of a proof is kept by the store for all instances; a nonce is handed out, and taken when it is used.
    dPoP: { enabled: true, nonceSecret: secrets.nonces, requireNonce: () => false },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    requestObjects: { enabled: false },
    claimsParameter: { enabled: false },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    resourceIndicators: resourceIndicators(parts),
    richAuthorizationRequests: {
      enabled: true,
      types: {
        [PROFILE_DETAIL_TYPE]: {
          validate: (ctx, detail, client) => inProtocol(() => validateDetail(ctx, { detail, client, desk })),
        },
      },
      authorizationDetailsForGrantSource: (ctx) => ctx.oidc.grant?.rar,
      authorizationDetailsForAccessToken: (ctx, _token, source) =>
        grantedDetails(ctx, source as { rar?: unknown } | undefined) as never,
      authorizationDetailsForIntrospection: (_ctx, token) => token.rar,
    },
    introspection: { enabled: true, allowedPolicy: introspectionPolicy(parts) },
    revocation: {
      enabled: true,
      // RFC 7009 section 2.1: a token of another client is none of this client's business, and neither is whether it exists.
      allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
    },
    ciba: ciba(parts),
  } as Configuration["features"];
}

function resourceIndicators({
  resource,
  ring,
  now,
  lifetimes: { accessTokenSeconds },
}: ConfigurationParts): NonNullable<Configuration["features"]>["resourceIndicators"] {
  return {
    enabled: true,
    defaultResource: async (_ctx, _client, oneOf) => {
      if (oneOf === undefined) throw new errors.InvalidTarget(`resource is required: ${resource}`);
      return oneOf;
    },
    useGrantedResource: async () => true,
    getResourceServerInfo: async (ctx, asked, client) => {
      if (asked !== resource) throw new errors.InvalidTarget(`the only resource is ${resource}`);
      requireConsentAsked(ctx);
      return {
        // Scopes of the client's party alone: no grant of somebody else's could carry more.
        scope: (client.scope ?? "")
          .split(" ")
          .filter((scope) => scope !== "openid")
          .join(" "),
        audience: resource,
        accessTokenFormat: "jwt",
        accessTokenTTL: accessTokenSeconds,
        jwt: { sign: { alg: SIGNING_ALGORITHM, kid: signingKey(ring, now()).jwk.kid } },
      };
    },
  };
}

/** A client learns of its own tokens, the bureau's officers of all; anybody else that a token is not active. */
function introspectionPolicy({ credentials }: ConfigurationParts) {
  return (
    _ctx: unknown,
    client: Client,
    token: { readonly kind: string; readonly clientId?: string; readonly jti: string },
  ): Promise<boolean> =>
    inProtocol(async () => {
      const isOwn = token.clientId === client.clientId;
      if (!isOwn && partyOf(client).party !== "officer") return false;
      const { grantId, jkt } = token as { readonly grantId?: string; readonly jkt?: string };
      return !(await credentials.anyEnded({
        clients: [String(token.clientId)],
        grants: grantId === undefined ? [] : [grantId],
        keys: jkt === undefined ? [] : [jkt],
        tokens: token.kind === "RefreshToken" ? [] : [token.jti],
      }));
    });
}

/** Poll mode alone: we call nobody, and a bank that hears nothing asks again. */
function ciba({ backchannel }: ConfigurationParts): Features["ciba"] {
  return {
    enabled: true,
    deliveryModes: ["poll"],
    processLoginHint: async (_ctx, hint) => backchannel.accountOf(hint ?? ""),
    processLoginHintToken: async () => {
      throw new errors.InvalidRequest("login_hint names the merchant");
    },
    validateRequestContext: async (_ctx, context) => {
      if (context !== undefined) throw new errors.InvalidRequest("request_context is not supported");
    },
    validateBindingMessage: async (_ctx, message) => {
      if (message !== undefined && !/^[A-Za-z0-9 ._+/!?#-]{1,40}$/.test(message))
        throw new errors.InvalidBindingMessage("binding_message is 1 to 40 plain characters");
    },
    verifyUserCode: async (_ctx, _account, code) => {
      if (code !== undefined) throw new errors.InvalidUserCode("user_code is not supported");
    },
    triggerAuthenticationDevice: (ctx, request, _account, client) => backchannel.start(ctx, request, client),
  } as Features["ciba"];
}

/** A bank sends a merchant here for one thing only: a consent. A session in the merchant's name is no business of its. */
function requireConsentAsked(ctx: KoaContextWithOIDC): void {
  const { client, route, params } = ctx.oidc;
  const isAsking = route === "pushed_authorization_request" || route === "backchannel_authentication";
  if (!isAsking || client === undefined || partyOf(client).party !== "bank") return;
  if (params?.["authorization_details"] === undefined)
    throw new errors.InvalidAuthorizationDetails("authorization_details must say which consent is asked for");
  const scopes = String(params["scope"] ?? "").split(" ");
  // An ID token would tell the bank which person acts for the merchant.
  if (route === "pushed_authorization_request" && scopes.includes("openid"))
    throw new errors.InvalidScope("a bank learns nothing of who signs in", "openid");
}
