import { importJWK, SignJWT } from "jose";
import { randomId } from "../ids.js";
import { sha256Base64url } from "./digests.js";
import { type Key, publicKeySet } from "./sign.js";

/** The request that a proof is for. */
export interface ProofRequest {
  /** HTTP method, upper case. */
  readonly method: string;
  /** The address that is called; query and fragment are left out of the proof. */
  readonly url: string;
  /** The access token that goes with it. */
  readonly accessToken: string;
  /** What the server last said in `DPoP-Nonce`. */
  readonly nonce?: string | undefined;
  readonly now: Date;
}

/** Makes DPoP proofs (RFC 9449 section 4.2) with one private key: the client's side. */
export type SignProof = (request: ProofRequest) => Promise<string>;

/** @throws TypeError when the key has no `alg`, or cannot sign */
export async function createProofSigner(privateKey: Key): Promise<SignProof> {
  const { alg } = privateKey;
  if (alg === undefined) throw new TypeError("a proof key needs alg");
  const key = await importJWK(privateKey, alg);
  const [{ kty, crv, x, y, n, e } = privateKey] = publicKeySet([privateKey]).keys;
  const jwk = Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
  );
  return ({ method, url, accessToken, nonce, now }) => {
    const { origin, pathname } = new URL(url);
    const claims = {
      jti: randomId(),
      htm: method,
      htu: origin + pathname,
      iat: Math.floor(now.getTime() / 1000),
      ath: sha256Base64url(accessToken),
      ...(nonce === undefined ? {} : { nonce }),
    };
    return new SignJWT(claims).setProtectedHeader({ alg, typ: "dpop+jwt", jwk }).sign(key);
  };
}
