import type { JsonObject } from "./read-json.js";
import { TokenError } from "./token-error.js";

/** What the claims of a kind of token must be. */
export interface ClaimExpectations {
  readonly issuer: string;
  readonly audience: string;
  /** Beside `iss`, `aud`, `exp`, `iat` and `jti`, which are always required. */
  readonly requiredClaims: readonly string[];
  /** 0 to 60 seconds. */
  readonly clockToleranceSeconds: number;
  /** Longest accepted `exp - iat`, in seconds. */
  readonly lifetimeMaxSeconds: number;
}

const ALWAYS_REQUIRED = ["iss", "aud", "exp", "iat", "jti"] as const;
const JTI_CHARACTERS_MAX = 256;

/** RFC 7519 section 4.1 and RFC 9068 section 2.2. @throws TokenError `invalid` */
export function requireClaims(claims: JsonObject, expected: ClaimExpectations): void {
  for (const name of [...ALWAYS_REQUIRED, ...expected.requiredClaims])
    if (claims[name] === undefined || claims[name] === null) throw new TokenError("invalid", `no ${name}`);
  const { jti } = claims;
  if (typeof jti !== "string" || jti === "" || jti.length > JTI_CHARACTERS_MAX)
    throw new TokenError("invalid", "jti is no token id");
}

/** The issuer is one text and compared as such: no slash, case or Unicode form is made equal. @throws TokenError `invalid` */
export function requireIssuer(claims: JsonObject, issuer: string): void {
  if (claims["iss"] !== issuer) throw new TokenError("invalid", "another issuer");
}

/** We are the audience and nobody else is: a token for several could be replayed by each. @throws TokenError `invalid` */
export function requireAudience(claims: JsonObject, audience: string): void {
  const { aud } = claims;
  const only = Array.isArray(aud) && aud.length === 1 ? (aud as readonly unknown[])[0] : aud;
  if (only !== audience) throw new TokenError("invalid", "another audience");
}

/**
 * Times are whole seconds since 1970 and make sense together; `nbf` is honoured (RFC 7519 sections 4.1.4 to 4.1.6).
 * @throws TokenError `invalid`
 */
export function requireSaneTimes(claims: JsonObject, expected: ClaimExpectations, nowSeconds: number): void {
  const { exp, iat, nbf } = claims;
  if (!isTime(exp) || !isTime(iat) || (nbf !== undefined && !isTime(nbf)))
    throw new TokenError("invalid", "exp, iat or nbf is no time");
  const lifetime = exp - iat;
  if (lifetime <= 0 || lifetime > expected.lifetimeMaxSeconds)
    throw new TokenError("invalid", "lifetime out of bounds");
  const latest = nowSeconds + expected.clockToleranceSeconds;
  if (iat > latest) throw new TokenError("invalid", "issued in the future");
  if (nbf !== undefined && nbf > latest) throw new TokenError("invalid", "not valid yet");
}

/** RFC 7519 section 4.1.4. @throws TokenError `expired` */
export function requireLive(claims: JsonObject, expected: ClaimExpectations, nowSeconds: number): void {
  if ((claims["exp"] as number) <= nowSeconds - expected.clockToleranceSeconds)
    throw new TokenError("expired", "exp has passed");
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
