import { createPrivateKey, type JsonWebKeyInput, sign as signBytes } from "node:crypto";
import type { Key } from "../../foundation/tokens.js";

/** Makes compact JWS of any text at all, without the libraries that would refuse to. */
export interface Crafted {
  /** The header's text; an object is written as JSON. */
  readonly header: object | string;
  readonly payload: object | string;
}

export type SignBytes = (input: Buffer) => Buffer;

const HASHES: Readonly<Record<string, string | null>> = {
  EdDSA: null,
  Ed25519: null,
  ES256: "sha256",
  ES384: "sha384",
  RS256: "sha256",
  PS256: "sha256",
};

/** A raw signature by a private JWK, in the form that JWS wants (RFC 7518 section 3). */
export function signerOf(key: Key, alg = String(key.alg)): SignBytes {
  const privateKey = createPrivateKey({ key: key as JsonWebKeyInput["key"], format: "jwk" });
  const padding = alg.startsWith("PS") ? { padding: 6, saltLength: 32 } : {};
  return (input) =>
    signBytes(HASHES[alg] ?? null, input, { key: privateKey, dsaEncoding: "ieee-p1363", ...padding });
}

/** The three parts, encoded; `sign` sees exactly what a verifier will. */
export function craft({ header, payload }: Crafted, sign: SignBytes): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${sign(Buffer.from(input)).toString("base64url")}`;
}

/** base64url of a text, or of an object's JSON. */
export function encode(part: object | string): string {
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

/** JSON of an object with members appended as they are written: the only way to say one twice. */
export function withMembers(value: object, members: string): string {
  return `${JSON.stringify(value).slice(0, -1)},${members}}`;
}
