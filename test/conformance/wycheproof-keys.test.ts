import { createHash, createHmac, generateKeyPairSync } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import {
  createStatementVerifier,
  generateSigningKey,
  type Key,
  publicKeySet,
  TOKEN_ALGORITHMS,
} from "../../foundation/tokens.js";
import { lintKey } from "../../foundation/tokens/keys/lint-key.js";
import { craft, type SignBytes, signerOf } from "../support/craft-token.js";
import {
  base64UrlInteger,
  honestRsa,
  powerModulo,
  rocaRsa,
  rsaKey,
  toInteger,
} from "../support/weak-keys.js";
import { withoutRules } from "../support/without-rule.js";

// The lint works, and can be switched off: what only it refuses must verify without it.
vi.mock("../../foundation/tokens/keys/lint-key.js", { spy: true });

/** The classes of Wycheproof's json_web_key tests: an honest token, and a key that must not verify it. */
const ed25519 = await generateSigningKey("EdDSA");
const p256 = await generateSigningKey("ES256");
const rsa: Key = { ...honestRsa(2_048), kid: "rsa" };
const N = toInteger(String(rsa.n));
const PAYLOAD = { hello: "world" };

const publicHalf = (key: Key): Key => publicKeySet([key]).keys[0] as Key;
const verifierOf = (...keys: readonly object[]) =>
  createStatementVerifier({
    keys: { kind: "local", keys: { keys: keys as readonly Key[] as Key[] } },
    algorithms: TOKEN_ALGORITHMS,
    typ: "at+jwt",
    charactersMax: 8_192,
  });
const headerOf = (key: Key, alg = String(key.alg)) => ({ alg, typ: "at+jwt", kid: key.kid });
const made = (key: Key, alg = String(key.alg), by: SignBytes = signerOf(key, alg)) =>
  craft({ header: headerOf(key, alg), payload: PAYLOAD }, by);
const expectRefused = async (jws: string, by: ReturnType<typeof verifierOf>): Promise<void> =>
  expect(by(jws), jws).rejects.toMatchObject({ name: "TokenError" });
const octets = (value: bigint, length: number): Buffer =>
  Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex");

describe("json_web_key", () => {
  const by = async (key: object, jws: string): Promise<void> => expectRefused(jws, verifierOf(key));
  const rsaToken = made(rsa, "RS256");
  const ecToken = made(p256);
  const small: Key = { ...honestRsa(1_024), kid: "small" };
  const roca: Key = { ...rocaRsa(), kid: "roca" };
  const p384 = {
    ...(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export({ format: "jwk" }) as Key),
    kid: "p384",
  };

  it("acceptsValid", async () => {
    await expect(verifierOf(publicHalf(rsa))(rsaToken)).resolves.toEqual(PAYLOAD);
    await expect(verifierOf(publicHalf(p256))(ecToken)).resolves.toEqual(PAYLOAD);
  });

  it.each<[string, () => Promise<void>]>([
    ["rejectsWrongUse (RSA)", () => by({ ...publicHalf(rsa), use: "enc" }, rsaToken)],
    ["rejectsWrongUse (EC)", () => by({ ...publicHalf(p256), use: "enc" }, ecToken)],
    ["rejectsWrongKeyOps (RSA)", () => by({ ...publicHalf(rsa), key_ops: ["encrypt"] }, rsaToken)],
    ["rejectsWrongKeyOps (EC)", () => by({ ...publicHalf(p256), key_ops: ["deriveKey"] }, ecToken)],
    ["rejectsKeyWithRocaVulnerability", () => by(publicHalf(roca), made(roca, "RS256"))],
    ["rejects1024bitRsaKey", () => by(publicHalf(small), made(small, "RS256"))],
    ["rejectsPublicExponent1", () => by({ ...publicHalf(rsa), e: "AQ" }, unpadded())],
    [
      "mismatchedAlgAndCurve: ES256 says the key, P-384 is its curve",
      () => by({ ...publicHalf(p384), alg: "ES256" }, made(p384, "ES256")),
    ],
    ["mismatchedAlgAndCurve: ES256 says the token", () => by(publicHalf(p384), made(p384, "ES256"))],
    ["invalid_algorithm", () => by({ ...publicHalf(p256), alg: "ECDH-ES" }, ecToken)],
    ["invalid_use", () => by({ ...publicHalf(p256), use: "signature" }, ecToken)],
    ["invalid_point", () => by({ ...publicHalf(p256), y: p256.x }, ecToken)],
    ["wrong_curve", () => by({ ...publicHalf(p256), crv: "P-384" }, ecToken)],
    ["wrong_kty", () => by({ ...publicHalf(p256), kty: "RSA" }, ecToken)],
    [
      "jws_mixedSymmetryKeyset",
      () => by({ kty: "oct", k: String(rsa.n), kid: rsa.kid, alg: "HS256" }, hmacToken()),
    ],
    [
      "key_too_short, empty_key, invalid_aes_gcm_key",
      () => by({ kty: "oct", k: "", kid: rsa.kid }, hmacToken()),
    ],
    ["a private key in the set", () => by(rsa, rsaToken)],
    ["rsa_even_modulus", () => by({ ...publicHalf(rsa), n: base64UrlInteger(N - 1n) }, rsaToken)],
    ["rsa_tiny_factors", () => by(publicHalf({ ...rsaKey(3n, 11n), kid: "rsa" }), rsaToken)],
  ])("%s", (_name, attack) => attack());

  it.each<[string, () => object, () => string]>([
    ["exponent 1", () => ({ ...publicHalf(rsa), e: "AQ" }), () => unpadded()],
    ["the ROCA weakness", () => publicHalf(roca), () => made(roca, "RS256")],
  ])("a key with %s would verify without the lint", async (_what, key, jws) => {
    await expectRefused(jws(), verifierOf(key()));
    const unguarded = await withoutRules([lintKey], async () => verifierOf(key()));
    await expect(unguarded(jws())).resolves.toEqual(PAYLOAD);
  });

  it("rejectsDuplicateKid", async () => {
    const duplicate = verifierOf(publicHalf(p256), { ...publicHalf(ed25519), kid: p256.kid });
    await expectRefused(ecToken, duplicate);
  });

  const hmacToken = (): string =>
    craft({ header: headerOf(rsa, "HS256"), payload: PAYLOAD }, (input) =>
      createHmac("sha256", Buffer.from(String(rsa.n), "base64url"))
        .update(input)
        .digest(),
    );

  /** With exponent 1 the padded hash is its own signature: no private key is needed. */
  function unpadded(): string {
    return made(rsa, "RS256", (input) => {
      const info = Buffer.concat([
        Buffer.from("3031300d060960864801650304020105000420", "hex"),
        createHash("sha256").update(input).digest(),
      ]);
      const filling = Buffer.alloc(256 - 3 - info.length, 0xff);
      const encoded = Buffer.concat([Buffer.from([0, 1]), filling, Buffer.alloc(1), info]);
      return octets(powerModulo(toInteger(encoded.toString("base64url")), 1n, N), 256);
    });
  }
});
