import { createECDH, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateSigningKey, type Key, publicKeySet } from "../../../foundation/tokens.js";
import { lintEd25519, lintPoint } from "../../../foundation/tokens/keys/curves.js";
import { admitKeys } from "../../../foundation/tokens/keys/admit-keys.js";
import { lintKey } from "../../../foundation/tokens/keys/lint-key.js";
import { hasRocaFingerprint } from "../../../foundation/tokens/keys/roca.js";
import {
  base64UrlInteger,
  exponentThreeRsa,
  honestRsa,
  powerModulo,
  rocaRsa,
  rsaKey,
  toInteger,
} from "../../support/weak-keys.js";

const publicHalf = (key: Key): Key => publicKeySet([key]).keys[0] as Key;
const ed25519 = publicHalf(await generateSigningKey("EdDSA"));
const p256 = publicHalf(await generateSigningKey("ES256"));
const rsa = publicHalf(honestRsa(2_048));
const ec = (namedCurve: string): Key =>
  generateKeyPairSync("ec", { namedCurve }).publicKey.export({ format: "jwk" }) as Key;
const octets = (text: unknown): Buffer => Buffer.from(String(text), "base64url");
const changed = (key: Key, member: "x" | "y" | "n", change: (bytes: Buffer) => Buffer): Key => ({
  ...key,
  [member]: change(octets(key[member])).toString("base64url"),
});
const flip = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, at) => (at === 5 ? byte ^ 1 : byte)));

describe("the lint of keys admits", () => {
  it.each([
    ["Ed25519", ed25519],
    ["P-256", p256],
    ["P-384", ec("P-384")],
    ["RSA of 2,048 bits", rsa],
    ["RSA of 3,072 bits", publicHalf(honestRsa(3_072))],
    ["an algorithm that fits", { ...ed25519, alg: "Ed25519" }],
    ["the purpose of verifying", { ...p256, use: "sig", key_ops: ["verify"] }],
  ])("%s", (_what, key) => {
    expect(lintKey(key)).toBeUndefined();
  });
});

describe("the lint of keys refuses", () => {
  it.each<[string, unknown, string]>([
    ["a shared secret", { kty: "oct", k: "AAAA" }, "a private or secret key"],
    ["a private half", { ...ed25519, d: "AAAA" }, "a private or secret key"],
    ["a private half that is empty", { ...rsa, dp: null }, "a private or secret key"],
    ["RSA of 1,024 bits", publicHalf(honestRsa(1_024)), "a modulus of less than 2048 bits"],
    ["RSA of 2,047 bits", publicHalf(honestRsa(2_047)), "a modulus of less than 2048 bits"],
    [
      "RSA of 8,200 bits",
      { ...rsa, n: base64UrlInteger((1n << 8_199n) + 1n) },
      "a modulus of more than 8192 bits",
    ],
    ["exponent 3", publicHalf(exponentThreeRsa()), "an exponent other than 65537"],
    [
      "exponent 1, of which every message is its own signature",
      { ...rsa, e: "AQ" },
      "an exponent other than 65537",
    ],
    ["exponent 65537 with a zero before", { ...rsa, e: "AAEAAQ" }, "an exponent other than 65537"],
    [
      "an even modulus",
      { ...rsa, n: base64UrlInteger(toInteger(String(rsa.n)) + 1n) },
      "a modulus with a small factor",
    ],
    [
      "a modulus with a factor of 167",
      { ...rsa, n: base64UrlInteger(167n ** 278n) },
      "a modulus with a small factor",
    ],
    [
      "a modulus with a zero before",
      changed(rsa, "n", (n) => Buffer.concat([Buffer.alloc(1), n])),
      "a modulus that is not a base64url integer",
    ],
    ["no modulus", { ...rsa, n: undefined }, "a modulus that is not a base64url integer"],
    [
      "a modulus in another spelling",
      { ...rsa, n: `${rsa.n}=` },
      "a modulus that is not a base64url integer",
    ],
    ["the ROCA weakness", publicHalf(rocaRsa()), "a modulus with the ROCA fingerprint"],
    ["a point beside its curve", changed(p256, "y", flip), "a point that is not on the curve"],
    ["a point of another curve", { ...ec("P-384"), crv: "P-256" }, "a coordinate of the wrong length"],
    ["a coordinate cut short", changed(p256, "x", (x) => x.subarray(1)), "a coordinate of the wrong length"],
    [
      "a coordinate with a zero before",
      changed(p256, "x", (x) => Buffer.concat([Buffer.alloc(1), x])),
      "a coordinate of the wrong length",
    ],
    [
      "a coordinate of the size of the field",
      changed(p256, "x", () => Buffer.alloc(32, 0xff)),
      "a coordinate outside the field",
    ],
    [
      "the point (0, 0)",
      { ...p256, x: "A".repeat(43), y: "A".repeat(43) },
      "a point that is not on the curve",
    ],
    ["no second coordinate", { ...p256, y: undefined }, "a coordinate that is not base64url"],
    ["a coordinate that is no text", { ...p256, x: 7 }, "a coordinate that is not base64url"],
    ["P-521", ec("P-521"), "a type of key that is not served"],
    ["secp256k1", ec("secp256k1"), "a type of key that is not served"],
    ["Ed448", { kty: "OKP", crv: "Ed448", x: "A".repeat(76) }, "a type of key that is not served"],
    ["X25519", { ...ed25519, crv: "X25519" }, "a type of key that is not served"],
    ["a curve in the wrong type", { ...p256, kty: "OKP" }, "a type of key that is not served"],
    ["Ed25519 in the wrong type", { ...ed25519, kty: "EC", y: ed25519.x }, "a curve that is not served"],
    ["an Ed25519 key cut short", changed(ed25519, "x", (x) => x.subarray(1)), "a key of the wrong length"],
    [
      "an Ed25519 point beside its curve",
      { ...ed25519, x: Buffer.from([2, ...Array<number>(31).fill(0)]).toString("base64url") },
      "a point that is not on the curve",
    ],
    ["no type", { ...p256, kty: undefined }, "a type of key that is not served"],
    ["an algorithm of another curve", { ...p256, alg: "ES384" }, "alg does not fit the key"],
    ["an algorithm for encryption", { ...rsa, alg: "RSA-OAEP" }, "alg does not fit the key"],
    ["HS256 on a public key", { ...rsa, alg: "HS256" }, "alg does not fit the key"],
    ["the use of encryption", { ...p256, use: "enc" }, "not for signatures"],
    ["the purpose of signing", { ...p256, key_ops: ["sign", "verify"] }, "key_ops is not verify"],
    ["no purpose at all", { ...p256, key_ops: [] }, "key_ops is not verify"],
    ["a purpose in words", { ...p256, key_ops: "verify" }, "key_ops is not verify"],
    ["a key id with a line break", { ...p256, kid: "a\nb" }, "kid is no key id"],
    ["a key id that is no text", { ...p256, kid: 1 }, "kid is no key id"],
    ["no object", null, "not a JWK"],
    ["a list", [p256], "not a JWK"],
  ])("%s", (_what, key, problem) => {
    expect(lintKey(key)).toBe(problem);
  });
});

describe("Ed25519 keys of small order", () => {
  const Y8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
  const P = 2n ** 255n - 19n;
  const encoded = (y: bigint): Buffer => Buffer.from(y.toString(16).padStart(64, "0"), "hex").reverse();

  it.each([0n, 1n, P - 1n, Y8, P - Y8])("are refused with either sign: y = %s", (y) => {
    for (const sign of [0n, 1n << 255n])
      expect(lintEd25519(encoded(y + sign))).toBe("a point of small order");
  });

  it("are refused in a spelling beyond the field", () => {
    for (const y of [P, P + 1n, 2n ** 255n - 1n])
      expect(lintEd25519(encoded(y))).toBe("a coordinate outside the field");
  });
});

describe("the lint of curves", () => {
  it("agrees with another implementation on points of P-256 and P-384", () => {
    for (const [curve, name, bytes] of [
      ["P-256", "prime256v1", 32],
      ["P-384", "secp384r1", 48],
    ] as const) {
      for (let round = 0; round < 20; round += 1) {
        const ecdh = createECDH(name);
        ecdh.generateKeys();
        const point = ecdh.getPublicKey();
        const [x, y] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes)];
        expect(lintPoint(curve, x, y)).toBeUndefined();
        expect(lintPoint(curve, x, flip(y))).toBe("a point that is not on the curve");
      }
    }
  });

  it("admits every Ed25519 key that is made, and of random bytes those that have a square root", () => {
    for (let round = 0; round < 50; round += 1) {
      const jwk = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
      expect(lintEd25519(octets(jwk.x))).toBeUndefined();
    }
    let [points, others] = [0, 0];
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const isPoint = hasRoot(Buffer.from(bytes));
        expect(lintEd25519(bytes) === undefined).toBe(isPoint);
        if (isPoint) points += 1;
        else others += 1;
      }),
      { numRuns: 400 },
    );
    // Half of all strings are no point.
    expect(Math.min(points, others)).toBeGreaterThan(100);
  });
});

/** RFC 8032 section 5.1.3 as it is written there: by taking the root, not by asking whether there is one. */
function hasRoot(bytes: Buffer): boolean {
  const p = 2n ** 255n - 19n;
  const y = toInteger(Buffer.from(bytes).reverse().toString("base64url")) & ((1n << 255n) - 1n);
  if (y >= p) return false;
  const d = (-121_665n * powerModulo(121_666n, p - 2n, p)) % p;
  const [u, v] = [(y * y - 1n + p) % p, (((d * y * y + 1n) % p) + p) % p];
  const x = (u * v ** 3n * powerModulo((u * v ** 7n) % p, (p - 5n) / 8n, p)) % p;
  const square = (v * x * x) % p;
  return square === u || square === (p - u) % p;
}

describe("the ROCA fingerprint", () => {
  it("is on every product of two such primes and on no honest modulus", () => {
    expect(hasRocaFingerprint(toInteger(String(rocaRsa().n)))).toBe(true);
    for (let round = 0; round < 5; round += 1)
      expect(hasRocaFingerprint(toInteger(String(honestRsa(2_048).n)))).toBe(false);
  });

  it("is on numbers that are powers of 65537 modulo each small prime, and leaves them with the next", () => {
    const m = [3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n].reduce(
      (product, prime) => product * prime,
      1n,
    );
    expect(hasRocaFingerprint(65_537n ** 20n)).toBe(true);
    expect(hasRocaFingerprint(65_537n ** 20n + m)).toBe(false);
  });
});

describe("a key set", () => {
  it("keeps its good keys, with public members only, and names the others by their place", () => {
    const good = { ...p256, kid: "good" };
    const { keys, problems } = admitKeys([
      { ...good, x5c: ["AAAA"], x5u: "http://127.0.0.1/", key_ops: ["verify"], ext: true },
      { ...rsa, kid: "weak", e: "AQ" },
      { kty: "oct", kid: "secret", k: "AAAA" },
      { ...ed25519, kid: "for-encryption", use: "enc" },
      null,
    ]);
    expect(keys).toEqual([good]);
    expect(problems).toEqual([
      "key 2 of the set: an exponent other than 65537",
      "key 3 of the set: a private or secret key",
      "key 5 of the set: not a JWK",
    ]);
  });

  it("admits neither of two keys with one name", () => {
    const { keys, problems } = admitKeys([
      { ...p256, kid: "twice" },
      { ...ed25519, kid: "once" },
      { ...publicHalf(rsaKey(3n, 5n)), kid: "twice" },
    ]);
    expect(keys.map(({ kid }) => kid)).toEqual(["once"]);
    expect(problems).toEqual([
      "key 1 of the set: a kid that stands twice",
      "key 3 of the set: a kid that stands twice",
    ]);
  });

  it("of more than 100 keys is no key set", () => {
    expect(admitKeys(Array.from({ length: 101 }, () => p256)).keys).toEqual([]);
  });
});
