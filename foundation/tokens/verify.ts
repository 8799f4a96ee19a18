import type { CryptoKey } from "jose";
import type { TokenAlgorithm } from "./algorithms.js";
import type { ClaimExpectations } from "./claim-rules.js";
import { judgeClaims } from "./judge-claims.js";
import { type KeySource, type OnKeyProblem, openKeySource } from "./keys/key-source.js";
import { type CompactText, readCompact } from "./read-compact.js";
import type { JsonObject } from "./read-json.js";
import { requireAlgorithm, requireType } from "./text-rules.js";
import { verifySignature } from "./verify-signature.js";

/** What every signed text is verified with, whatever its kind. */
export interface StatementOptions {
  readonly algorithms: readonly TokenAlgorithm[];
  /** The exact `typ` of the kind; several where a standard gives it several spellings. */
  readonly typ: string | readonly string[];
  /** Longest accepted text, in characters. */
  readonly charactersMax: number;
}

/** Verifies one compact JWS and resolves to its payload. @throws TokenError */
export type StatementVerifier = (statement: string) => Promise<JsonObject>;

const HEADER_MEMBERS: ReadonlySet<string> = new Set(["alg", "typ", "kid"]);

/**
 * Builds a verifier of signed statements without life of their own, such as consent artefacts: text, kind, algorithm, key
 * and signature are judged, claims are the caller's.
 */
export function createStatementVerifier(
  options: StatementOptions & { readonly keys: KeySource; readonly onKeyProblem?: OnKeyProblem },
): StatementVerifier {
  const verify = createCompactVerifier(options, HEADER_MEMBERS);
  const findKey = openKeySource(options.keys, options.onKeyProblem ?? (() => {}));
  return async (statement) => verify(statement, findKey);
}

export interface VerifierOptions extends StatementOptions, ClaimExpectations {
  readonly keys: KeySource;
  readonly now: () => Date;
  /** Told of keys that are not admitted and of key sets that cannot be read. */
  readonly onKeyProblem?: OnKeyProblem;
}

/** Verifies a compact JWS and resolves to its claims. @throws TokenError */
export type TokenVerifier = (token: string) => Promise<JsonObject>;

/** Longest access token, in characters. */
export const TOKEN_CHARACTERS_MAX = 8_192;

/** Builds a verifier of tokens (RFC 7519); every rule is mandatory so that nothing is skipped by omission. */
export function createVerifier(options: VerifierOptions): TokenVerifier {
  const verify = createStatementVerifier(options);
  return async (token) => {
    const claims = await verify(token);
    judgeClaims(claims, options, options.now());
    return claims;
  };
}

/**
 * The one path of every signed text, tokens, permits, proofs and artefacts alike: its text is judged, then its kind and
 * algorithm, then its signature; what is returned is the very object that was judged.
 * @throws TypeError when no algorithm is named
 */
export function createCompactVerifier(
  options: StatementOptions,
  headerMembers: ReadonlySet<string>,
): (
  statement: string,
  findKey: (header: CompactText["header"]) => Promise<CryptoKey>,
) => Promise<JsonObject> {
  if (options.algorithms.length === 0) throw new TypeError("at least one algorithm must be named");
  const types = typeof options.typ === "string" ? [options.typ] : options.typ;
  const limits = { charactersMax: options.charactersMax, headerMembers };
  return async (statement, findKey) => {
    const { header, payload } = readCompact(statement, limits);
    requireType(header.typ, types);
    requireAlgorithm(header.alg, options.algorithms);
    await verifySignature(statement, await findKey(header));
    return payload;
  };
}
