import type { JsonObject } from "./read-json.js";
import { TokenError } from "./token-error.js";

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/**
 * One token has many spellings that decode alike; only the canonical one is admitted (RFC 7515 sections 2 and 7.1).
 * @throws TokenError `invalid`
 */
export function requireCanonical(token: string): void {
  if (!COMPACT.test(token)) throw new TokenError("invalid", "not a compact JWS");
  for (const part of token.split(".")) {
    if (Buffer.from(part, "base64url").toString("base64url") !== part)
      throw new TokenError("invalid", "not canonical base64url");
  }
}

/**
 * Nothing in a header is honoured that was not asked for: `jku`, `x5u`, `x5c`, `crit`, `b64`, `zip`, `enc` and the like are
 * refused by not being known (RFC 8725 sections 3.9 and 3.10).
 * @throws TokenError `invalid`
 */
export function requireKnownMembers(header: JsonObject, known: ReadonlySet<string>): void {
  for (const member of Object.keys(header))
    if (!known.has(member)) throw new TokenError("invalid", "a header member that is not served");
}

/** An opaque name to look a key up by: never a path, a query or an address (RFC 8725 section 3.10). */
export const KEY_ID = /^[\x21-\x7e]{1,128}$/;

/**
 * `typ` is exactly one of the names of the kind that is expected, so that no token passes for one of another kind
 * (RFC 8725 section 3.11).
 * @throws TokenError `invalid`
 */
export function requireType(typ: string, types: readonly string[]): void {
  if (!types.includes(typ)) throw new TokenError("invalid", "a token of another kind");
}

/**
 * The algorithm is one that was configured; what the header asks for decides nothing (RFC 8725 section 3.1).
 * @throws TokenError `invalid`
 */
export function requireAlgorithm(alg: string, algorithms: readonly string[]): void {
  if (!algorithms.includes(alg)) throw new TokenError("invalid", "an algorithm that is not configured");
}
