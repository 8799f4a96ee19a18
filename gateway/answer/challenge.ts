import type { Binding } from "../../schema/claims.js";
import type { ErrorCode } from "../../schema/errors.js";

/**
 * The `WWW-Authenticate` value of a 401 (RFC 6750 section 3, RFC 9449 section 7.1): it says what is wrong with the token
 * and nothing more, and nothing at all to who sent none.
 */
export function challengeFor(code: ErrorCode, binding?: Binding): string {
  const scheme = binding !== undefined && "jkt" in binding ? "DPoP" : "Bearer";
  return `${scheme} realm="xinqiao"${code === "UNAUTHENTICATED" ? "" : ', error="invalid_token"'}`;
}
