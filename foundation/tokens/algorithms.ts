/** Asymmetric algorithms that may be configured; there is no default list (RFC 8725 section 3.1). */
export const TOKEN_ALGORITHMS = [
  "EdDSA",
  "Ed25519",
  "ES256",
  "ES384",
  "PS256",
  "PS384",
  "PS512",
  "RS256",
] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** What clients may sign proofs with: RS256 stays out, as in the FAPI 2.0 security profile, section 5.4. */
export const PROOF_ALGORITHMS = [
  "EdDSA",
  "Ed25519",
  "ES256",
  "ES384",
  "PS256",
  "PS384",
  "PS512",
] as const satisfies readonly TokenAlgorithm[];
