import { createHash, randomBytes } from "node:crypto";
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from "jose";

/** Asymmetric algorithms that may be configured; there is no default list (RFC 8725 section 3.1). */
export const TOKEN_ALGORITHMS = ["EdDSA", "ES256", "ES384", "PS256", "PS384", "PS512", "RS256"] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** A public key set (RFC 7517 section 5). */
export type KeySet = JSONWebKeySet;
/** One key (RFC 7517 section 4). */
export type Key = JWK;

/** Why a token was refused; `reason` is for the log, never for the client. */
export class TokenError extends Error {
  readonly kind: "invalid" | "expired" | "keys-unavailable";
  readonly reason: string;

  constructor(kind: TokenError["kind"], reason: string, cause?: unknown) {
    super(`token ${kind}`, { cause });
    this.name = "TokenError";
    this.kind = kind;
    this.reason = reason;
  }
}

/** A fresh signing key; `kid` is its RFC 7638 thumbprint. */
export async function generateSigningKey(algorithm: "EdDSA" | "ES256" = "EdDSA"): Promise<Key> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, alg: algorithm, use: "sig", kid: await calculateJwkThumbprint(jwk) };
}

/** The public half of signing keys, as served at a JWKS address. */
export function publicKeySet(keys: readonly Key[]): KeySet {
  return {
    keys: keys.map((key) => {
      const { kty, crv, x, y, n, e, alg, use, kid } = key;
      const all = { kty, crv, x, y, n, e, alg, use, kid };
      return Object.fromEntries(
        Object.entries(all).filter(([, value]) => value !== undefined),
      ) as unknown as JWK;
    }),
  };
}

/** Signs compact JWS with one private key. */
export interface Signer {
  readonly keyId: string;
  /** `typ` names the kind of token (RFC 8725 section 3.11); claims are signed as given. */
  sign(typ: string, claims: Readonly<Record<string, unknown>>): Promise<string>;
}

/** @throws TypeError when the key has no `alg` or `kid`, or cannot sign */
export async function createSigner(privateKey: Key): Promise<Signer> {
  const { alg, kid } = privateKey;
  if (alg === undefined || kid === undefined) throw new TypeError("a signing key needs alg and kid");
  const key = await importJWK(privateKey, alg);
  return {
    keyId: kid,
    sign: (typ, claims) => new SignJWT({ ...claims }).setProtectedHeader({ alg, typ, kid }).sign(key),
  };
}

/**
 * Where verification keys come from. A remote set is cached, with a cool-down between fetches; a live one belongs to this
 * process and changes when it hands out another object.
 */
export type KeySource =
  | { readonly kind: "local"; readonly keys: KeySet }
  | { readonly kind: "live"; readonly keys: () => KeySet }
  | {
      readonly kind: "remote";
      readonly url: URL;
      readonly cacheMaxAgeMs: number;
      readonly cooldownMs: number;
      readonly timeoutMs: number;
    };

export interface VerifierOptions {
  readonly keys: KeySource;
  readonly algorithms: readonly TokenAlgorithm[];
  readonly issuer: string;
  readonly audience: string;
  readonly typ: string;
  readonly requiredClaims: readonly string[];
  /** 0 to 60 seconds. */
  readonly clockToleranceSeconds: number;
  /** Longest accepted `exp - iat`, in seconds. */
  readonly lifetimeMaxSeconds: number;
  /** Longest accepted token, in characters. */
  readonly charactersMax: number;
  readonly now: () => Date;
}

/** Verifies a compact JWS and resolves to its claims. @throws TokenError */
export type TokenVerifier = (token: string) => Promise<Readonly<Record<string, unknown>>>;

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** Longest access token, in characters. */
export const TOKEN_CHARACTERS_MAX = 8_192;

/** Builds a verifier; every option is mandatory so that nothing is skipped by omission. */
export function createVerifier(options: VerifierOptions): TokenVerifier {
  if (options.algorithms.length === 0) throw new TypeError("at least one algorithm must be named");
  const keys = keyFunction(options.keys);
  return async (token) => {
    requireCanonical(token, options.charactersMax);
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, keys, {
        algorithms: [...options.algorithms],
        issuer: options.issuer,
        audience: options.audience,
        typ: options.typ,
        requiredClaims: ["iss", "aud", "exp", "iat", "jti", ...options.requiredClaims],
        clockTolerance: options.clockToleranceSeconds,
        currentDate: options.now(),
      }));
    } catch (error) {
      throw asTokenError(error);
    }
    requireSaneTimes(payload, options);
    return payload;
  };
}

function keyFunction(source: KeySource): JWTVerifyGetKey {
  if (source.kind === "local") return createLocalJWKSet(source.keys);
  if (source.kind === "live") return liveKeys(source.keys);
  return createRemoteJWKSet(source.url, {
    cacheMaxAge: source.cacheMaxAgeMs,
    cooldownDuration: source.cooldownMs,
    timeoutDuration: source.timeoutMs,
  });
}

function liveKeys(current: () => KeySet): JWTVerifyGetKey {
  let known = current();
  let find = createLocalJWKSet(known);
  return (header, token) => {
    const keys = current();
    if (keys !== known) {
      known = keys;
      find = createLocalJWKSet(keys);
    }
    return find(header, token);
  };
}

/** One token has many spellings that decode alike; only the canonical one is admitted (RFC 7515 section 2). */
function requireCanonical(token: string, charactersMax: number): void {
  if (token.length > charactersMax) throw new TokenError("invalid", "too long");
  if (!COMPACT.test(token)) throw new TokenError("invalid", "not a compact JWS");
  for (const part of token.split(".")) {
    if (Buffer.from(part, "base64url").toString("base64url") !== part) {
      throw new TokenError("invalid", "not canonical base64url");
    }
  }
}

function requireSaneTimes(payload: JWTPayload, options: VerifierOptions): void {
  const { exp, iat } = payload;
  if (!Number.isSafeInteger(exp) || !Number.isSafeInteger(iat))
    throw new TokenError("invalid", "exp or iat is no integer");
  const lifetime = (exp as number) - (iat as number);
  if (lifetime <= 0 || lifetime > options.lifetimeMaxSeconds)
    throw new TokenError("invalid", "lifetime out of bounds");
  const nowSeconds = Math.floor(options.now().getTime() / 1000);
  if ((iat as number) > nowSeconds + options.clockToleranceSeconds)
    throw new TokenError("invalid", "issued in the future");
}

function asTokenError(error: unknown): TokenError {
  if (error instanceof errors.JWTExpired) return new TokenError("expired", "exp has passed", error);
  // A key set that answers with an error or with nonsense is no fault of the token.
  const isKeySet = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  if (isKeySet || (error instanceof errors.JOSEError && error.code === "ERR_JOSE_GENERIC")) {
    return new TokenError("keys-unavailable", "the key set could not be read", error);
  }
  if (error instanceof errors.JOSEError) return new TokenError("invalid", error.code, error);
  return new TokenError("keys-unavailable", "the key set could not be read", error);
}

/** base64url SHA-256 of a text: the `body` claim of a permit. */
export function sha256Base64url(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** Lower-case hex SHA-256 of a text. */
export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** 32 random bytes, base64url. */
export function randomSecret(): string {
  return randomBytes(32).toString("base64url");
}
