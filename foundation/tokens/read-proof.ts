import { type CryptoKey, importJWK } from "jose";
import { LRUCache } from "lru-cache";
import type { TokenAlgorithm } from "./algorithms.js";
import { sha256Base64url } from "./digests.js";
import { lintKey } from "./keys/lint-key.js";
import { readCompact, type TokenHeader } from "./read-compact.js";
import type { JsonObject } from "./read-json.js";
import { type Key, thumbprintOf } from "./sign.js";
import { TokenError } from "./token-error.js";
import { createCompactVerifier } from "./verify.js";

/** A proof of possession that was read, not yet verified. */
export interface Proof {
  /** RFC 7638 thumbprint of the key that it names. */
  readonly thumbprint: string;
  /** Judges the key and the signature and resolves to the claims. @throws TokenError */
  verify(): Promise<JsonObject>;
}

/** Reads a DPoP proof. @throws TokenError */
export type ProofReader = (proof: string) => Promise<Proof>;

const HEADER_MEMBERS: ReadonlySet<string> = new Set(["alg", "typ", "jwk"]);
/** What a public key in a proof may say of itself; certificates and addresses have no place in it. */
const KEY_MEMBERS: ReadonlySet<string> = new Set([
  "kty",
  "crv",
  "x",
  "y",
  "n",
  "e",
  "alg",
  "use",
  "kid",
  "key_ops",
  "ext",
]);
/** A proof by an RSA key of 8,192 bits has about 3,500 characters. */
const PROOF_CHARACTERS_MAX = 6_000;
const KEYS_REMEMBERED_MAX = 1_000;

/**
 * Reads DPoP proofs (RFC 9449 section 4.2): `typ` exactly `dpop+jwt`, an algorithm that was named, and a public `jwk` that
 * passes the same lint as every other key. Keys that passed are remembered by digest, at most 1,000.
 */
export function createProofReader(algorithms: readonly TokenAlgorithm[]): ProofReader {
  const options = { algorithms, typ: "dpop+jwt", charactersMax: PROOF_CHARACTERS_MAX };
  const verify = createCompactVerifier(options, HEADER_MEMBERS);
  const admitted = new LRUCache<string, CryptoKey>({ max: KEYS_REMEMBERED_MAX });
  return async (proof) => {
    const { header } = readCompact(proof, { ...options, headerMembers: HEADER_MEMBERS });
    const key = readKey(header);
    const thumbprint = await thumbprintOrRefuse(key);
    const findKey = async ({ alg }: TokenHeader): Promise<CryptoKey> => {
      const name = sha256Base64url(JSON.stringify([alg, key]));
      const made = admitted.get(name) ?? (await admit(key, alg));
      admitted.set(name, made);
      return made;
    };
    return { thumbprint, verify: () => verify(proof, findKey) };
  };
}

function readKey({ jwk }: TokenHeader): Key {
  if (typeof jwk !== "object" || jwk === null || Array.isArray(jwk))
    throw new TokenError("invalid", "no jwk in the proof");
  for (const member of Object.keys(jwk))
    if (!KEY_MEMBERS.has(member)) throw new TokenError("invalid", "a member of the jwk that is not served");
  return jwk as Key;
}

/** The thumbprint covers the members that make the key, and no key is made of anything else. */
async function thumbprintOrRefuse(key: Key): Promise<string> {
  try {
    return await thumbprintOf(key);
  } catch (error) {
    throw new TokenError("invalid", "no public key in the proof", error);
  }
}

async function admit(key: Key, alg: string): Promise<CryptoKey> {
  const problem = lintKey(key);
  if (problem !== undefined) throw new TokenError("invalid", `jwk: ${problem}`);
  const { kty, crv, x, y, n, e } = key;
  const material = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined);
  try {
    return (await importJWK(Object.fromEntries(material) as unknown as Key, alg)) as CryptoKey;
  } catch (error) {
    throw new TokenError("invalid", "the key does not fit the algorithm", error);
  }
}
