import type { JsonObject } from "../../foundation/tokens.js";
import { sha256Base64url } from "../../foundation/tokens.js";
import { normalizeUrl } from "./normalize-url.js";

/** What a proof is measured against. */
export interface ProofContext {
  readonly method: string;
  /** The address that the client called. */
  readonly url: string;
  readonly token: string;
  readonly nowSeconds: number;
  /** How old a proof may be, in seconds. */
  readonly ageMaxSeconds: number;
  /** How far its clock may be ahead of ours, in seconds. */
  readonly aheadMaxSeconds: number;
}

/** What is wrong with a proof, in words that its sender may read; `undefined` for nothing. */
export type ProofRule = (claims: JsonObject, context: ProofContext) => string | undefined;

/** RFC 9449 section 4.3, check 8. */
export const fitsMethod: ProofRule = ({ htm }, { method }) =>
  htm === method ? undefined : `htm must be ${method}`;

/** RFC 9449 section 4.3, check 9: query and fragment are ignored, and both sides normalised (RFC 3986 section 6.2). */
export const fitsAddress: ProofRule = ({ htu }, { url }) => {
  const expected = normalizeUrl(url);
  if (expected === undefined) return "the address of the request cannot be put into an htu";
  return typeof htu === "string" && normalizeUrl(htu) === expected ? undefined : `htu must be ${expected}`;
};

/** RFC 9449 section 4.3, check 12: a proof is for the token that it comes with. */
export const fitsToken: ProofRule = ({ ath }, { token }) =>
  ath === sha256Base64url(token) ? undefined : "ath must be the base64url SHA-256 of the access token";

/** RFC 9449 section 4.3, check 11, and section 11.1. */
export const fitsTime: ProofRule = ({ iat }, { nowSeconds, ageMaxSeconds, aheadMaxSeconds }) => {
  const isNear =
    Number.isSafeInteger(iat) &&
    (iat as number) >= nowSeconds - ageMaxSeconds &&
    (iat as number) <= nowSeconds + aheadMaxSeconds;
  return isNear ? undefined : `iat must be at most ${ageMaxSeconds} s past and ${aheadMaxSeconds} s ahead`;
};

/** RFC 7519 sections 4.1.4 and 4.1.5: optional in a proof, and honoured. */
export const fitsOwnLimits: ProofRule = ({ exp, nbf }, { nowSeconds, aheadMaxSeconds }) => {
  if (exp !== undefined && !(Number.isSafeInteger(exp) && (exp as number) > nowSeconds - aheadMaxSeconds))
    return "exp has passed";
  if (nbf !== undefined && !(Number.isSafeInteger(nbf) && (nbf as number) <= nowSeconds + aheadMaxSeconds))
    return "nbf has not come";
  return undefined;
};

const PROOF_ID = /^[\x21-\x7e]{1,128}$/;

/** RFC 9449 section 4.2: what makes a proof one of a kind. */
export const hasId: ProofRule = ({ jti }) =>
  typeof jti === "string" && PROOF_ID.test(jti) ? undefined : "jti must be 1 to 128 visible ASCII characters";

/** RFC 9449 section 9. */
export const hasReadableNonce: ProofRule = ({ nonce }) =>
  nonce === undefined || (typeof nonce === "string" && nonce.length <= 256)
    ? undefined
    : "nonce must be text";
