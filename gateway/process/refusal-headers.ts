import { BureauError, ERRORS, isErrorCode } from "../../schema/errors.js";
import { safeError } from "../answer/safe-error.js";
import { challengeFor } from "../http/challenge.js";
import { schemeOf } from "../authenticate/read-credentials.js";

/**
 * The headers that a refusal is told with: the challenge of a 401 (RFC 6750 section 3, RFC 9449 section 7.1), the nonce to
 * use (RFC 9449 section 9), and when to come back. Empty for what is no BureauError.
 */
export function refusalHeaders(
  error: unknown,
  authorization: string | undefined,
): readonly (readonly [name: string, value: string])[] {
  if (!(error instanceof BureauError)) return [];
  const { code } = safeError(error).extensions;
  if (!isErrorCode(code)) return [];
  const { retryAfterSeconds, nonce } = error.facts;
  const headers: [string, string][] = [];
  if (ERRORS[code].http === 401)
    headers.push(["www-authenticate", challengeFor(code, schemeOf(authorization))]);
  if (typeof nonce === "string") headers.push(["dpop-nonce", nonce]);
  // What is out of reach now is worth asking for again in a second.
  const waitSeconds = retryAfterSeconds ?? (ERRORS[code].http === 503 ? 1 : undefined);
  if (typeof waitSeconds === "number") headers.push(["retry-after", String(waitSeconds)]);
  return headers;
}
