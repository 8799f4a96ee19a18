import { PROOF_ALGORITHMS, createProofReader, type JsonObject, TokenError } from "../../foundation/tokens.js";
import type { Clock } from "../../foundation/clock.js";
import { BureauError } from "../../schema/errors.js";
import type { RequestFacts } from "../http/request-facts.js";
import {
  fitsAddress,
  fitsMethod,
  fitsOwnLimits,
  fitsTime,
  fitsToken,
  hasId,
  hasReadableNonce,
  type ProofContext,
} from "./proof-rules.js";
import type { SpendableProof } from "./spend-proof.js";

export interface ProofOptions {
  readonly clock: Clock;
  readonly ageMaxSeconds: number;
  readonly aheadMaxSeconds: number;
}

/** Requires a proof of the key `jkt` for this request and token; resolves to what must now be used up. */
export type CheckProof = (facts: RequestFacts, token: string, jkt: string) => Promise<SpendableProof>;

/**
 * The checks of RFC 9449 section 4.3, in its order where that matters: one header, well-formed, of the right kind and
 * algorithm, by the key that the token is bound to, with a signature that verifies, for this request, token and moment.
 * @throws DPOP_PROOF_INVALID, TOKEN_BINDING_MISMATCH
 */
export function createCheckProof(options: ProofOptions): CheckProof {
  const readProof = createProofReader(PROOF_ALGORITHMS);
  return async (facts, token, jkt) => {
    const [value, ...others] = facts.dpop;
    if (value === undefined || others.length > 0) throw invalid("exactly one DPoP header is required");
    const proof = await readProof(value).catch(asInvalid);
    if (proof.thumbprint !== jkt) throw new BureauError("TOKEN_BINDING_MISMATCH", "a proof by another key");
    const claims = await proof.verify().catch(asInvalid);
    requireFitting(claims, {
      method: facts.method,
      url: facts.url,
      token,
      nowSeconds: Math.floor(options.clock.now().getTime() / 1000),
      ageMaxSeconds: options.ageMaxSeconds,
      aheadMaxSeconds: options.aheadMaxSeconds,
    });
    const { jti, iat, nonce } = claims as unknown as SpendableProof;
    return { thumbprint: proof.thumbprint, jti, iat, nonce };
  };
}

function requireFitting(claims: JsonObject, context: ProofContext): void {
  const problem =
    fitsMethod(claims, context) ??
    fitsAddress(claims, context) ??
    fitsToken(claims, context) ??
    fitsTime(claims, context) ??
    fitsOwnLimits(claims, context) ??
    hasId(claims, context) ??
    hasReadableNonce(claims, context);
  if (problem !== undefined) throw invalid(problem);
}

function asInvalid(error: unknown): never {
  if (!(error instanceof TokenError)) throw error;
  throw invalid("the proof is no valid dpop+jwt", error.reason, error);
}

/** `problem` is for the client, who wrote the proof. */
function invalid(problem: string, detail = problem, cause?: unknown): BureauError {
  return new BureauError("DPOP_PROOF_INVALID", detail, { facts: { problem }, cause });
}
