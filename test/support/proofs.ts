import {
  createProofSigner,
  generateSigningKey,
  type Key,
  type SignProof,
  thumbprintOf,
} from "../../foundation/tokens.js";
import type { Clock } from "../../foundation/clock.js";

/** What clients of test bureaus call. */
export const PUBLIC_URL = "https://xinqiao.test";

/** A client's key for proofs. */
export interface ProofKey {
  readonly jkt: string;
  readonly sign: SignProof;
  /** For proofs that no client would make. */
  readonly privateKey: Key;
}

export async function makeProofKey(algorithm: "EdDSA" | "ES256" = "EdDSA"): Promise<ProofKey> {
  const key = await generateSigningKey(algorithm);
  return { jkt: await thumbprintOf(key), sign: await createProofSigner(key), privateKey: key };
}

/** The key of each bound token that a test made, so that requests with the token can bring proofs by themselves. */
const bound = new Map<string, { readonly key: ProofKey; readonly clock: Clock }>();

/** Requests with this token carry proofs of this key from now on. */
export function rememberKey(token: string, key: ProofKey, clock: Clock): void {
  bound.set(token, { key, clock });
}

/** What a gateway last said in DPoP-Nonce. */
const nonces = new WeakMap<object, string>();

interface Reply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * Sends a request with a token as its client would: a bound token with a fresh proof, once more when the gateway asks for
 * its nonce; any other token as Bearer.
 */
export async function sendWithToken<R extends Reply>(
  gateway: object,
  { token, method, path }: { readonly token: string; readonly method: string; readonly path: string },
  send: (headers: Record<string, string>) => Promise<R>,
): Promise<R> {
  const binding = bound.get(token);
  if (binding === undefined) return send({ authorization: `Bearer ${token}` });
  const attempt = async (): Promise<R> => {
    const proof = await binding.key.sign({
      method,
      url: PUBLIC_URL + path,
      accessToken: token,
      nonce: nonces.get(gateway),
      now: binding.clock.now(),
    });
    const reply = await send({ authorization: `DPoP ${token}`, dpop: proof });
    const nonce = reply.headers["dpop-nonce"];
    if (typeof nonce === "string") nonces.set(gateway, nonce);
    return reply;
  };
  const reply = await attempt();
  const isNonceAsked = String(reply.headers["www-authenticate"]).includes("use_dpop_nonce");
  return isNonceAsked ? attempt() : reply;
}
