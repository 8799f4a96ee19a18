import type { ClientMetadata, Configuration, Grant, KoaContextWithOIDC } from "oidc-provider";
import { PARTIES, SCOPES } from "../../schema/parties.js";
import { PURPOSES } from "../../schema/purposes.js";
import { merchantOfPseudoAccount } from "../consent/backchannel.js";
import { SIGNING_ALGORITHM } from "../keys/key-ring-file.js";
import { publishedKeys } from "../keys/key-ring.js";
import { errorPage } from "../pages/error-page.js";
import { createInteractionPolicy } from "../pages/interaction-policy.js";
import { errors } from "../provider.js";
import type { ConfigurationParts } from "./configuration-parts.js";
import { createFeatures } from "./features.js";
import { inProtocol } from "./oauth-errors.js";
import { partyOf } from "./token-claims.js";

/** FAPI 2.0 Security Profile section 5.4.1: nothing weaker, and no RS256. */
const CLIENT_ALGORITHMS = ["ES256", "PS256", "EdDSA", "Ed25519"] as const;
const PROOF_ALGORITHMS = ["ES256", "EdDSA", "Ed25519"] as const;
const CODE_SECONDS = 60;
const INTERACTION_SECONDS = 900;
const SESSION_SECONDS = 3_600;
const ID_TOKEN_SECONDS = 300;
const REFRESH_TOKEN_SECONDS = 14 * 86_400;
const MERCHANT_GRANT_SECONDS = 90 * 86_400;
/** A client's clock may differ by so much (FAPI 2.0 section 5.3.2.1, 13). */
const CLOCK_TOLERANCE_SECONDS = 10;
/** An assertion is made for one request; a longer life would only keep its `jti` for longer. */
const ASSERTION_SECONDS_MAX = 600;

/** Everything oidc-provider is told; a feature that is not named here is off. */
export function createConfiguration(parts: ConfigurationParts): Configuration {
  const { claims, ring, now } = parts;
  return {
    adapter: parts.adapter,
    jwks: { keys: publishedKeys(ring, now()).map(({ jwk }) => jwk) } as unknown as NonNullable<
      Configuration["jwks"]
    >,
    clientAuthMethods: ["private_key_jwt"],
    clientDefaults: { id_token_signed_response_alg: SIGNING_ALGORITHM, grant_types: [], response_types: [] },
    enabledJWA: {
      clientAuthSigningAlgValues: [...CLIENT_ALGORITHMS],
      dPoPSigningAlgValues: [...PROOF_ALGORITHMS],
      idTokenSigningAlgValues: [SIGNING_ALGORITHM],
    },
    scopes: ["openid", ...SCOPES],
    responseTypes: ["code"],
    subjectTypes: ["public"],
    pkce: { required: () => true },
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    cookies: cookies(parts),
    ttl: lifetimes(parts),
    features: createFeatures(parts),
    interactions: {
      policy: createInteractionPolicy(),
      url: (_ctx, interaction) => `${new URL(parts.issuer).pathname}/interaction/${interaction.uid}`,
    },
    findAccount: (_ctx, id) => inProtocol(() => findAccount(id, parts)),
    extraTokenClaims: (ctx, token) => claims.extra(ctx, token),
    formats: {
      customizers: { jwt: (_ctx, token, structure) => claims.finish(token, structure.payload) },
    },
    extraClientMetadata: { properties: ["party", "party_id", "purposes"], validator: validateOwnMetadata },
    assertJwtClientAuthClaimsAndHeader: (_ctx, assertion) => assertAssertion(assertion, parts),
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    rotateRefreshToken: (ctx) => mustRotate(ctx),
    // Tokens live by their own clock and by the register of what was ended, not by a browser's session.
    expiresWithSession: async () => false,
    loadExistingGrant: (ctx) => loadGrant(ctx),
    revokeGrantPolicy: (ctx) =>
      !(ctx.oidc.route === "revocation" && ctx.oidc.entities.AccessToken !== undefined),
    clientBasedCORS: () => false,
    renderError: (ctx, out) => errorPage(ctx, out),
    routes: {
      authorization: "/authorize",
      token: "/token",
      jwks: "/jwks",
      revocation: "/revoke",
      introspection: "/introspect",
      pushed_authorization_request: "/par",
      backchannel_authentication: "/backchannel",
    },
  } as Configuration;
}

function cookies({ issuer, secrets }: ConfigurationParts): Configuration["cookies"] {
  const all = { httpOnly: true, sameSite: "lax", signed: true } as const;
  return {
    names: { session: "xinqiao_session", interaction: "xinqiao_interaction", resume: "xinqiao_resume" },
    long: { ...all, path: new URL(issuer).pathname },
    short: all,
    keys: [secrets.cookies.toString("base64url")],
  };
}

function lifetimes({ lifetimes: given }: ConfigurationParts): Configuration["ttl"] {
  const { accessTokenSeconds, backchannel } = given;
  return {
    AccessToken: accessTokenSeconds,
    ClientCredentials: accessTokenSeconds,
    AuthorizationCode: CODE_SECONDS,
    BackchannelAuthenticationRequest: (ctx) => {
      const asked = Number((ctx as KoaContextWithOIDC | undefined)?.oidc?.params?.["requested_expiry"]);
      return Math.min(backchannel.lifetimeSecondsMax, asked > 0 ? asked : backchannel.lifetimeSeconds);
    },
    DeviceCode: CODE_SECONDS,
    Grant: MERCHANT_GRANT_SECONDS,
    IdToken: ID_TOKEN_SECONDS,
    Interaction: INTERACTION_SECONDS,
    PreAuthorizedCode: CODE_SECONDS,
    RefreshToken: REFRESH_TOKEN_SECONDS,
    Session: SESSION_SECONDS,
  };
}

/** RFC 7523 section 3, FAPI 2.0 section 5.3.2.1: the issuer alone is the audience, said as a string. */
function assertAssertion(
  assertion: Readonly<Record<string, unknown>>,
  { issuer, now }: Pick<ConfigurationParts, "issuer" | "now">,
): void {
  const refuse = (detail: string): never => {
    throw new errors.InvalidClientAuth({ detail });
  };
  if (assertion["aud"] !== issuer) refuse("aud must be the issuer, and nothing else");
  if (typeof assertion["jti"] !== "string" || assertion["jti"].length > 255) refuse("jti must be a text");
  const seconds = Math.floor(now().getTime() / 1_000);
  const { exp, iat, nbf } = assertion;
  if (typeof exp !== "number" || exp > seconds + ASSERTION_SECONDS_MAX) refuse("exp is too far away");
  for (const past of [iat, nbf])
    if (past !== undefined && (typeof past !== "number" || past > seconds + CLOCK_TOLERANCE_SECONDS))
      refuse("iat and nbf must not lie ahead");
}

/** A merchants' app gets a new refresh token each time, so that a stolen one shows; a bank proves its key (FAPI 2.0). */
function mustRotate({ oidc }: KoaContextWithOIDC): boolean {
  const { RefreshToken: token, Client: client } = oidc.entities;
  if (client !== undefined && partyOf(client).party === "merchant") return true;
  return (token?.ttlPercentagePassed() ?? 0) >= 70;
}

/** Each consent has a grant of its own; only a merchants' app goes on with the one it has. */
async function loadGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { oidc } = ctx;
  const decided = oidc.result?.consent?.grantId;
  const held =
    oidc.params?.["authorization_details"] === undefined
      ? oidc.session?.grantIdFor(oidc.client?.clientId ?? "")
      : undefined;
  const grantId = decided ?? held;
  return grantId === undefined ? undefined : oidc.provider.Grant.find(grantId);
}

async function findAccount(
  id: string,
  { accounts }: Pick<ConfigurationParts, "accounts">,
): Promise<{ accountId: string; claims: () => Promise<{ sub: string }> } | undefined> {
  const found = { accountId: id, claims: async () => ({ sub: id }) };
  if (merchantOfPseudoAccount(id) !== undefined) return found;
  // Who acted for a merchant may have left since; what the merchant granted to a bank does not end with that.
  return (await accounts.find(id)) === undefined ? undefined : found;
}

/** What the register of clients wrote; a second look costs nothing. */
function validateOwnMetadata(_ctx: unknown, key: string, value: unknown, _metadata: ClientMetadata): void {
  const isGood =
    (key === "party" && (PARTIES as readonly unknown[]).includes(value)) ||
    (key === "party_id" && typeof value === "string") ||
    (key === "purposes" &&
      (value === undefined ||
        (Array.isArray(value) &&
          value.every((purpose) => (PURPOSES as readonly unknown[]).includes(purpose)))));
  if (!isGood) throw new errors.InvalidClientMetadata(`${key} is not valid`);
}
