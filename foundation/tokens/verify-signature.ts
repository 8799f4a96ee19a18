import { compactVerify, type CryptoKey, errors } from "jose";
import { TokenError } from "./token-error.js";

/** Verifies the signature of a compact JWS whose text, kind and algorithm were judged before. @throws TokenError `invalid` */
export async function verifySignature(statement: string, key: CryptoKey): Promise<void> {
  try {
    await compactVerify(statement, key);
  } catch (error) {
    const reason = error instanceof errors.JOSEError ? error.code : "the key does not fit";
    throw new TokenError("invalid", reason, error);
  }
}
