import { systemClock } from "../../foundation/clock.js";
import { createProofSigner, type Key, thumbprintOf } from "../../foundation/tokens.js";

/** One request with a token; the address is whole. */
export interface BoundRequest {
  readonly url: string;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A client whose tokens are bound to its key: it brings a proof with each request (RFC 9449 section 4). */
export interface BoundClient {
  /** RFC 7638 thumbprint of its key, for `cnf.jkt`. */
  readonly jkt: string;
  /** POSTs with a fresh proof; once more when the server asks for its nonce (RFC 9449 section 9). */
  post(request: BoundRequest): Promise<Response>;
}

/** @throws TypeError when the key cannot sign */
export async function createBoundClient(key: Key): Promise<BoundClient> {
  const signProof = await createProofSigner(key);
  let nonce: string | undefined;
  const attempt = async ({ url, token, headers, body }: BoundRequest): Promise<Response> => {
    const proof = await signProof({ method: "POST", url, accessToken: token, nonce, now: systemClock.now() });
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, authorization: `DPoP ${token}`, dpop: proof },
      body,
    });
    nonce = response.headers.get("dpop-nonce") ?? nonce;
    return response;
  };
  return {
    jkt: await thumbprintOf(key),
    post: async (request) => {
      const response = await attempt(request);
      const isNonceAsked = response.headers.get("www-authenticate")?.includes("use_dpop_nonce") === true;
      return isNonceAsked ? attempt(request) : response;
    },
  };
}

/** POSTs with a token that is bound to nothing (RFC 6750 section 2.1). */
export function postAsBearer({ url, token, headers, body }: BoundRequest): Promise<Response> {
  return fetch(url, { method: "POST", headers: { ...headers, authorization: `Bearer ${token}` }, body });
}
