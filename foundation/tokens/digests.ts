import { createHash, randomBytes } from "node:crypto";

/** base64url SHA-256: the `body` claim of a permit, the `ath` claim of a proof, the thumbprint of a certificate. */
export function sha256Base64url(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("base64url");
}

/** Lower-case hex SHA-256 of a text. */
export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** 32 random bytes, base64url. */
export function randomSecret(): string {
  return randomBytes(32).toString("base64url");
}
