import type { Clock } from "../../foundation/clock.js";
import { sha256Base64url } from "../../foundation/tokens.js";
import { BureauError } from "../../schema/errors.js";
import { ProofNonces, SHARED_NONCE } from "./proof-nonces.js";

/** What instances remember together about proofs. */
export interface ReplayGuard {
  /**
   * Remembers a proof for `windowMs`, once. Resolves to `seen` when it was remembered already, otherwise to how far back the
   * memory reaches, in milliseconds; 0 when it cannot be asked. Never throws.
   */
  claim(proof: string, windowMs: number): Promise<"seen" | { readonly memoryMs: number }>;
}

/** A verified proof, about to be used up. */
export interface SpendableProof {
  /** Thumbprint of its key. */
  readonly thumbprint: string;
  readonly jti: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly nonce: string | undefined;
}

export interface SpendOptions {
  /** `undefined`: this process remembers alone. */
  readonly guard: ReplayGuard | undefined;
  readonly clock: Clock;
  readonly ageMaxSeconds: number;
  readonly aheadMaxSeconds: number;
  /** How far the clocks of instances may be apart, in seconds. */
  readonly clockSkewSeconds: number;
  /** Most proofs that this process remembers by itself. */
  readonly proofsMax: number;
}

/** Uses a proof up; resolves to the nonce that the client should use from now on, if that is another one. */
export type SpendProof = (proof: SpendableProof) => Promise<string | undefined>;

/**
 * Accepts each proof once, over all instances (RFC 9449 section 11.1). Either the shared memory reaches back to before the
 * proof can have been used anywhere; or the proof carries a nonce of this very process, so that it can have been used
 * nowhere else, and this process remembers it. A proof that neither covers is answered with a nonce, never let through.
 * A proof with a nonce of another process is always refused: that process may accept it while it cannot reach the memory.
 * @throws DPOP_PROOF_REPLAYED, DPOP_NONCE_REQUIRED with `nonce` in its facts, SERVICE_UNAVAILABLE when the memory is full
 */
export function createSpendProof(options: SpendOptions): SpendProof {
  const { guard, clock, ageMaxSeconds, aheadMaxSeconds, clockSkewSeconds } = options;
  const nonces = new ProofNonces(clock, options.proofsMax);
  const windowMs = (ageMaxSeconds + aheadMaxSeconds + clockSkewSeconds) * 1_000;
  return async ({ thumbprint, jti, iat, nonce }) => {
    // A list in JSON: no two pairs share a spelling, whatever characters are in them.
    const proof = sha256Base64url(JSON.stringify([thumbprint, jti]));
    const claimed = (await guard?.claim(proof, windowMs)) ?? { memoryMs: 0 };
    if (claimed === "seen") throw new BureauError("DPOP_PROOF_REPLAYED", "in the shared memory");
    const usableSinceMs = (iat - aheadMaxSeconds - clockSkewSeconds) * 1_000;
    const isCovered = usableSinceMs > clock.now().getTime() - claimed.memoryMs;
    const next = isCovered ? SHARED_NONCE : nonces.issue();
    const origin = nonce === undefined ? undefined : nonces.originOf(nonce);
    if (nonce === undefined || origin !== "own") {
      if (isCovered && origin !== "foreign") return undefined;
      throw nonceRequired(origin ?? "none", next);
    }
    const kept = nonces.claim(nonce, proof);
    if (kept === "seen") throw new BureauError("DPOP_PROOF_REPLAYED", "in the memory of this process");
    if (kept === "full") throw isCovered ? nonceRequired(origin, next) : full();
    return isCovered || nonces.isAging(nonce) ? next : undefined;
  };
}

function nonceRequired(origin: string, nonce: string): BureauError {
  return new BureauError("DPOP_NONCE_REQUIRED", `nonce: ${origin}`, { facts: { nonce } });
}

function full(): BureauError {
  return new BureauError("SERVICE_UNAVAILABLE", "the memory of proofs is full", {
    facts: { retryAfterSeconds: 60 },
  });
}
