/** The door to tokens: everything that is signed is signed and verified behind it; only what stands behind it knows jose. */
export type { ClaimExpectations } from "./tokens/claim-rules.js";
export { PROOF_ALGORITHMS, TOKEN_ALGORITHMS, type TokenAlgorithm } from "./tokens/algorithms.js";
export { createProcessSeal, type ProcessSeal } from "./tokens/process-seal.js";
export { randomSecret, sha256Base64url, sha256Hex } from "./tokens/digests.js";
export type { KeySource, OnKeyProblem } from "./tokens/keys/key-source.js";
export { lintKey } from "./tokens/keys/lint-key.js";
export type { JsonObject } from "./tokens/read-json.js";
export { createProofReader, type Proof, type ProofReader } from "./tokens/read-proof.js";
export { createProofSigner, type SignProof } from "./tokens/sign-proof.js";
export {
  createSigner,
  generateSigningKey,
  type Key,
  type KeySet,
  publicKeySet,
  type Signer,
  thumbprintOf,
} from "./tokens/sign.js";
export { TokenError } from "./tokens/token-error.js";
export {
  createStatementVerifier,
  createVerifier,
  TOKEN_CHARACTERS_MAX,
  type StatementVerifier,
  type TokenVerifier,
  type VerifierOptions,
} from "./tokens/verify.js";
