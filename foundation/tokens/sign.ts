import { createPrivateKey, sign } from "node:crypto";
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  SignJWT,
} from "jose";

/** A public key set (RFC 7517 section 5). */
export type KeySet = JSONWebKeySet;
/** One key (RFC 7517 section 4). */
export type Key = JWK;

/** A fresh signing key; `kid` is its RFC 7638 thumbprint. */
export async function generateSigningKey(algorithm: "EdDSA" | "ES256" = "EdDSA"): Promise<Key> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, alg: algorithm, use: "sig", kid: await calculateJwkThumbprint(jwk) };
}

/** The public half of signing keys, as served at a JWKS address. */
export function publicKeySet(keys: readonly Key[]): KeySet {
  return {
    keys: keys.map((key) => {
      const { kty, crv, x, y, n, e, alg, use, kid } = key;
      const all = { kty, crv, x, y, n, e, alg, use, kid };
      return Object.fromEntries(
        Object.entries(all).filter(([, value]) => value !== undefined),
      ) as unknown as JWK;
    }),
  };
}

/** base64url RFC 7638 thumbprint of a key's public half: what `cnf.jkt` names (RFC 9449 section 6.1). */
export function thumbprintOf(key: Key): Promise<string> {
  return calculateJwkThumbprint(key);
}

/**
 * RFC 8037 by Node's own call: the library asks the thread pool for each signature, which costs several times what an Ed25519
 * signature does, and a request has one for each distant subgraph.
 */
function ed25519Signer(privateKey: Key, kid: string): Signer {
  const key = createPrivateKey({ key: { ...privateKey }, format: "jwk" });
  return {
    keyId: kid,
    sign: async (typ, claims) => {
      const signed = `${base64url({ alg: "EdDSA", typ, kid })}.${base64url(claims)}`;
      return `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`;
    },
  };
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Signs compact JWS with one private key. */
export interface Signer {
  readonly keyId: string;
  /** `typ` names the kind of token (RFC 8725 section 3.11); claims are signed as given. */
  sign(typ: string, claims: Readonly<Record<string, unknown>>): Promise<string>;
}

/** @throws TypeError when the key has no `alg` or `kid`, or cannot sign */
export async function createSigner(privateKey: Key): Promise<Signer> {
  const { alg, kid } = privateKey;
  if (alg === undefined || kid === undefined) throw new TypeError("a signing key needs alg and kid");
  if (alg === "EdDSA") return ed25519Signer(privateKey, kid);
  const key = await importJWK(privateKey, alg);
  return {
    keyId: kid,
    sign: (typ, claims) => new SignJWT({ ...claims }).setProtectedHeader({ alg, typ, kid }).sign(key),
  };
}
