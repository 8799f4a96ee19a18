import { checkPrimeSync, createPrivateKey, generateKeyPairSync, generatePrimeSync } from "node:crypto";
import type { Key } from "../../foundation/tokens.js";

/** base64url of a number, with as few octets as it needs (RFC 7518 section 2). */
export function base64UrlInteger(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex").toString("base64url");
}

export function toInteger(text: string): bigint {
  return BigInt(`0x${Buffer.from(text, "base64url").toString("hex")}`);
}

/** b to the power e, modulo m. */
export function powerModulo(b: bigint, e: bigint, m: bigint): bigint {
  let [result, square] = [1n, b % m];
  for (let rest = e; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % m;
    square = (square * square) % m;
  }
  return result;
}

function inverse(a: bigint, m: bigint): bigint {
  let [r, nextR, t, nextT] = [m, ((a % m) + m) % m, 0n, 1n];
  while (nextR !== 0n) {
    const quotient = r / nextR;
    [r, nextR] = [nextR, r - quotient * nextR];
    [t, nextT] = [nextT, t - quotient * nextT];
  }
  return ((t % m) + m) % m;
}

/** A whole RSA key of two primes and an exponent. */
export function rsaKey(p: bigint, q: bigint, e = 65_537n): Key {
  const d = inverse(e, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const members = Object.entries(numbers).map(([name, value]) => [name, base64UrlInteger(value)]);
  return { kty: "RSA", ...Object.fromEntries(members) } as Key;
}

/** An honest RSA key of so many bits. */
export function honestRsa(modulusLength: number): Key {
  return generateKeyPairSync("rsa", { modulusLength }).privateKey.export({ format: "jwk" }) as Key;
}

/** The product of the first 126 primes: the modulus behind keys of 2,048 bits in the paper on CVE-2017-15361. */
function primorial(): bigint {
  let [product, found] = [1n, 0];
  for (let candidate = 2n; found < 126; candidate += 1n) {
    if (!checkPrimeSync(candidate)) continue;
    product *= candidate;
    found += 1;
  }
  return product;
}

/** A prime as the flawed chip library made it: k M + (65537^a mod M). */
function rocaPrime(m: bigint, seed: bigint): bigint {
  const start = (3n << 1_022n) / m + (seed % (1n << 40n));
  for (let a = seed; ; a += 1n) {
    const prime = (start + a) * m + powerModulo(65_537n, a, m);
    if (checkPrimeSync(prime)) return prime;
  }
}

/** A working RSA key of 2,048 bits with the ROCA weakness. */
export function rocaRsa(): Key {
  const m = primorial();
  const [p, q] = [rocaPrime(m, 1_000_003n), rocaPrime(m, 900_000_007n)];
  const key = rsaKey(p, q);
  createPrivateKey({ key: key as never, format: "jwk" });
  return key;
}

/** A working key whose exponent is 3. */
export function exponentThreeRsa(): Key {
  const prime = (): bigint => {
    for (;;) {
      const p = generatePrimeSync(1_024, { bigint: true });
      if (p % 3n === 2n) return p;
    }
  };
  return rsaKey(prime(), prime(), 3n);
}
