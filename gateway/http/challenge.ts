import { PROOF_ALGORITHMS } from "../../foundation/tokens.js";
import type { ErrorCode } from "../../schema/errors.js";

/** How a token comes (RFC 6750 section 2.1, RFC 9449 section 7.1). */
export type Scheme = "Bearer" | "DPoP";

const REALM = 'realm="xinqiao"';
const ALGS = `algs="${PROOF_ALGORITHMS.join(" ")}"`;

/** The `error` of RFC 6750 section 3.1 and RFC 9449 section 7.1 for the codes of status 401. */
const ERROR_WORDS: Partial<Record<ErrorCode, string>> = {
  TOKEN_INVALID: "invalid_token",
  TOKEN_EXPIRED: "invalid_token",
  CREDENTIAL_REVOKED: "invalid_token",
  TOKEN_NOT_BOUND: "invalid_token",
  TOKEN_BINDING_MISMATCH: "invalid_token",
  DPOP_PROOF_INVALID: "invalid_dpop_proof",
  DPOP_PROOF_REPLAYED: "invalid_dpop_proof",
  DPOP_NONCE_REQUIRED: "use_dpop_nonce",
};

/** Codes that a client mends by coming with DPoP, whatever it came with. */
const WANTS_DPOP: ReadonlySet<string> = new Set(["TOKEN_NOT_BOUND", "TOKEN_BINDING_MISMATCH"]);

/** The value of WWW-Authenticate for a refusal with status 401: what is wrong with the credentials, and nothing more. */
export function challengeFor(code: ErrorCode, scheme: Scheme): string {
  const word = ERROR_WORDS[code];
  // RFC 9110 section 11.6.1: several challenges, for the client to choose from.
  if (word === undefined) return `DPoP ${REALM}, ${ALGS}, Bearer ${REALM}`;
  const isDpop = scheme === "DPoP" || WANTS_DPOP.has(code);
  return isDpop ? `DPoP ${REALM}, error="${word}", ${ALGS}` : `Bearer ${REALM}, error="${word}"`;
}
