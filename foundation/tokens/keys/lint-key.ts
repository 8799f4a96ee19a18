import { lintEd25519, lintPoint } from "./curves.js";
import { hasRocaFingerprint, hasSmallFactor } from "./roca.js";
import { KEY_ID } from "../text-rules.js";

/** RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1: whoever publishes one of these gave the key away. */
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] as const;

const MODULUS_BITS_MIN = 2_048;
const MODULUS_BITS_MAX = 8_192;
/** 65537 in base64url; 1 makes every signature valid, 3 has a history, and nobody needs another. */
const EXPONENT = "AQAB";

/** Algorithms by type of key and curve (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864). */
const FITTING: ReadonlyMap<string, readonly string[]> = new Map([
  ["RSA", ["RS256", "PS256", "PS384", "PS512"]],
  ["P-256", ["ES256"]],
  ["P-384", ["ES384"]],
  ["Ed25519", ["EdDSA", "Ed25519"]],
]);

type Members = Readonly<Record<string, unknown>>;

/**
 * What is wrong with a public verification key, or `undefined`. The signature library takes keys as they come; this does
 * not: secrets and private halves, small, even, smooth or ROCA moduli, exponents other than 65537, points beside their
 * curve or of small order, and purposes that contradict verification are refused.
 */
export function lintKey(key: unknown): string | undefined {
  if (typeof key !== "object" || key === null || Array.isArray(key)) return "not a JWK";
  const members = key as Members;
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(members, name))) return "a private or secret key";
  return lintPurpose(members) ?? lintMaterial(members);
}

/** RFC 7517 sections 4.2 to 4.5: where a key says what it is for, it is for verifying, with an algorithm that fits it. */
function lintPurpose({ kty, crv, use, key_ops: operations, alg, kid }: Members): string | undefined {
  if (kid !== undefined && (typeof kid !== "string" || !KEY_ID.test(kid))) return "kid is no key id";
  if (use !== undefined && use !== "sig") return "not for signatures";
  if (operations !== undefined && !isVerifyOnly(operations)) return "key_ops is not verify";
  const fitting = FITTING.get(String(kty === "RSA" ? kty : crv));
  if (fitting === undefined) return "a type of key that is not served";
  return alg === undefined || fitting.includes(String(alg)) ? undefined : "alg does not fit the key";
}

function isVerifyOnly(operations: unknown): boolean {
  return Array.isArray(operations) && operations.length === 1 && operations[0] === "verify";
}

function lintMaterial({ kty, crv, x, y, n, e }: Members): string | undefined {
  if (kty === "RSA") return lintModulus(n, e);
  const first = bytesOf(x);
  if (first === undefined) return "a coordinate that is not base64url";
  if (kty === "OKP" && crv === "Ed25519") return lintEd25519(first);
  if (kty !== "EC") return "a type of key that is not served";
  const second = bytesOf(y);
  return second === undefined ? "a coordinate that is not base64url" : lintPoint(String(crv), first, second);
}

function lintModulus(n: unknown, e: unknown): string | undefined {
  if (e !== EXPONENT) return "an exponent other than 65537";
  const bytes = bytesOf(n);
  // RFC 7518 section 2, Base64urlUInt: the minimum number of octets.
  if (bytes === undefined || bytes[0] === 0) return "a modulus that is not a base64url integer";
  if (bytes.length > MODULUS_BITS_MAX / 8) return `a modulus of more than ${MODULUS_BITS_MAX} bits`;
  const modulus = BigInt(`0x${bytes.toString("hex")}`);
  if (modulus < 1n << BigInt(MODULUS_BITS_MIN - 1)) return `a modulus of less than ${MODULUS_BITS_MIN} bits`;
  if (hasSmallFactor(modulus)) return "a modulus with a small factor";
  return hasRocaFingerprint(modulus) ? "a modulus with the ROCA fingerprint" : undefined;
}

function bytesOf(text: unknown): Buffer | undefined {
  if (typeof text !== "string" || text === "" || text.length > 2_048) return undefined;
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
