import type { Clock } from "../../foundation/clock.js";
import { TokenError, type TokenVerifier } from "../../foundation/tokens.js";
import { BureauError } from "../../schema/errors.js";
import type { Party } from "../../schema/parties.js";
import type { Authenticated } from "../inquiry.js";
import type { RequestFacts } from "../http/request-facts.js";
import { checkCertificate } from "./check-certificate.js";
import { createCheckProof } from "./check-proof.js";
import { readClaims } from "./read-claims.js";
import { readCredentials } from "./read-credentials.js";
import { requireScheme } from "./require-scheme.js";
import { createSpendProof, type ReplayGuard } from "./spend-proof.js";
import { cacheTokens } from "./token-cache.js";

/** Turns what a request says of its sender into a principal. */
export type Authenticate = (facts: RequestFacts) => Promise<Authenticated>;

export interface AuthenticateOptions {
  readonly verify: TokenVerifier;
  readonly clock: Clock;
  /** Parties whose tokens must be bound to a key of the client. */
  readonly boundParties: ReadonlySet<Party>;
  readonly proofAgeMaxSeconds: number;
  readonly proofAheadMaxSeconds: number;
  readonly clockSkewSeconds: number;
  /** The memory of proofs that instances share; `undefined` where this one is alone. */
  readonly replayGuard: ReplayGuard | undefined;
}

/** Proofs that a process remembers by itself, about 10 MB. */
const PROOFS_MAX = 100_000;

/**
 * Builds the second station: the access token is verified and read, and whoever presents it shows the key that it is bound
 * to. Of all this only the verification of the token is remembered.
 * @throws UNAUTHENTICATED, TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_NOT_BOUND, TOKEN_BINDING_MISMATCH, DPOP_PROOF_INVALID,
 * DPOP_PROOF_REPLAYED, DPOP_NONCE_REQUIRED, SERVICE_UNAVAILABLE when the key set cannot be read
 */
export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  const { clock, clockSkewSeconds } = options;
  const limits = {
    clock,
    ageMaxSeconds: options.proofAgeMaxSeconds,
    aheadMaxSeconds: options.proofAheadMaxSeconds,
  };
  const checkProof = createCheckProof(limits);
  const spendProof = createSpendProof({
    ...limits,
    clockSkewSeconds,
    guard: options.replayGuard,
    proofsMax: PROOFS_MAX,
  });
  const identify = cacheTokens(async (token) => readClaims(await verified(options.verify, token)), clock);
  return async (facts) => {
    const { scheme, token } = readCredentials(facts);
    const principal = await identify(token);
    requireScheme(principal, scheme, options.boundParties);
    const { binding } = principal;
    let nextNonce: string | undefined;
    // The binding decides, whatever the scheme: a proof cannot be talked out of.
    if (binding !== undefined && "jkt" in binding)
      nextNonce = await spendProof(await checkProof(facts, token, binding.jkt));
    else if (binding !== undefined) checkCertificate(facts.clientCertificate, binding["x5t#S256"]);
    return { principal, requestId: facts.requestId, nextNonce } as Authenticated;
  };
}

async function verified(verify: TokenVerifier, token: string): ReturnType<TokenVerifier> {
  try {
    return await verify(token);
  } catch (error) {
    throw asBureauError(error);
  }
}

function asBureauError(error: unknown): BureauError {
  if (!(error instanceof TokenError)) return new BureauError("TOKEN_INVALID", "unexpected", { cause: error });
  switch (error.kind) {
    case "expired":
      return new BureauError("TOKEN_EXPIRED", error.reason, { cause: error });
    case "keys-unavailable":
      return new BureauError("SERVICE_UNAVAILABLE", error.reason, { cause: error });
    case "invalid":
      return new BureauError("TOKEN_INVALID", error.reason, { cause: error });
    default:
      return error.kind satisfies never;
  }
}
