import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from "node:crypto";
import type { ClaimExpectations } from "./claim-rules.js";
import { judgeClaims } from "./judge-claims.js";
import type { JsonObject } from "./read-json.js";
import { TokenError } from "./token-error.js";

/**
 * Signs and verifies tokens that are made and read in one process, under a key that is made with it and never leaves it: JWS
 * with HMAC-SHA-256 (RFC 7518 section 3.2). About a tenth of what a signature costs, and enough where nobody else could
 * verify one anyway.
 */
export interface ProcessSeal {
  /** The compact form (RFC 7515 section 7.1); claims are signed as given. */
  sign(claims: Readonly<Record<string, unknown>>): string;
  /** True for a text that claims to be of this seal; whether it is, `open` says. */
  isMeant(statement: string): boolean;
  /** The claims of a token that is live and meant for this audience. @throws TokenError */
  open(statement: string, expected: ClaimExpectations, now: Date): JsonObject;
}

/** Opens a seal for one kind of token: its `typ` (RFC 8725 section 3.11) is part of what is signed. */
export function createProcessSeal(typ: string): ProcessSeal {
  const key = createSecretKey(randomBytes(32));
  // The one header that there is: another algorithm or kind is another text.
  const header = Buffer.from(JSON.stringify({ alg: "HS256", typ, kid: "process" })).toString("base64url");
  const prefix = `${header}.`;
  return {
    sign: (claims) => {
      const signed = `${prefix}${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
      return `${signed}.${macOf(key, signed).toString("base64url")}`;
    },
    isMeant: (statement) => statement.startsWith(prefix),
    open: (statement, expected, now) => {
      const end = statement.lastIndexOf(".");
      const given = Buffer.from(statement.slice(end + 1), "base64url");
      const mac = macOf(key, statement.slice(0, end));
      if (!statement.startsWith(prefix) || given.length !== mac.length || !timingSafeEqual(given, mac))
        throw new TokenError("invalid", "the seal does not fit");
      // Only what this process wrote comes so far.
      const payload = Buffer.from(statement.slice(prefix.length, end), "base64url").toString("utf8");
      const claims = JSON.parse(payload) as JsonObject;
      judgeClaims(claims, expected, now);
      return claims;
    },
  };
}

function macOf(key: KeyObject, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
