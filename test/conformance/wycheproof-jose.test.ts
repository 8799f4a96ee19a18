import {
  constants,
  createHmac,
  createPublicKey,
  type JsonWebKeyInput,
  privateEncrypt,
  sign,
} from "node:crypto";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  createStatementVerifier,
  generateSigningKey,
  type Key,
  publicKeySet,
  TOKEN_ALGORITHMS,
} from "../../foundation/tokens.js";
import { craft, encode, type SignBytes, signerOf } from "../support/craft-token.js";
import { honestRsa, toInteger } from "../support/weak-keys.js";

/**
 * The classes of invalid vectors that Wycheproof's json_web_signature, json_web_key and json_web_crypto tests name, each made
 * for the kind of token that is served here: the class's own defect is the only one. Classes of JWE and of HMAC keys do not
 * apply: neither is served, and `oct` keys are refused whole. Classes of keys stand beside this file.
 */
const ed25519 = await generateSigningKey("EdDSA");
const p256 = await generateSigningKey("ES256");
const rsa: Key = { ...honestRsa(2_048), kid: "rsa" };
const N = toInteger(String(rsa.n));
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const verifierOf = (...keys: readonly object[]) =>
  createStatementVerifier({
    keys: { kind: "local", keys: { keys: keys as readonly Key[] as Key[] } },
    algorithms: TOKEN_ALGORITHMS,
    typ: "at+jwt",
    charactersMax: 8_192,
  });
const publicHalf = (key: Key): Key => publicKeySet([key]).keys[0] as Key;
const verify = verifierOf(...[ed25519, p256, rsa].map(publicHalf));

const PAYLOAD = { hello: "world" };
const headerOf = (key: Key, alg = String(key.alg)) => ({ alg, typ: "at+jwt", kid: key.kid });
const made = (key: Key, alg = String(key.alg), by: SignBytes = signerOf(key, alg)) =>
  craft({ header: headerOf(key, alg), payload: PAYLOAD }, by);

const expectRefused = async (jws: string, by = verify) =>
  expect(by(jws), jws).rejects.toMatchObject({ name: "TokenError" });

const octets = (value: bigint, length: number): Buffer =>
  Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex");

describe.each([
  ["jws_ed", ed25519, "EdDSA"],
  ["jws_ec", p256, "ES256"],
  ["jws_rsa", rsa, "RS256"],
  ["ps256", rsa, "PS256"],
] as const)("%s", (_group, key, alg) => {
  const valid = made(key, alg);
  const [head = "", body = "", signature = ""] = valid.split(".");

  it("acceptsValid", async () => expect(verify(valid)).resolves.toEqual(PAYLOAD));

  const other = (text: string): string => (text.startsWith("A") ? "B" : "A") + text.slice(1);
  const hmac = (secret: string | Buffer): string =>
    craft({ header: headerOf(key, "HS256"), payload: PAYLOAD }, (input) =>
      createHmac("sha256", secret).update(input).digest(),
    );
  const publicKey = createPublicKey({ key: publicHalf(key) as JsonWebKeyInput["key"], format: "jwk" });
  it.each<[string, string]>([
    ["rejectsModifiedSignature", `${head}.${body}.${other(signature)}`],
    ["rejectsMissingSignature", `${head}.${body}.`],
    ["rejectsMissingSignatureAndSeparator", `${head}.${body}`],
    ["rejectsModifiedPayload", `${head}.${encode({ hello: "w0rld" })}.${signature}`],
    ["rejectsMissingPayload", `${head}..${signature}`],
    ["rejectsMissingPayloadAndSeparator", `${head}.${signature}`],
    [
      "rejectsModifiedHeader",
      `${encode({ ...headerOf(key, alg), kid: `X${key.kid}` })}.${body}.${signature}`,
    ],
    ["rejectsMissingHeader", `.${body}.${signature}`],
    ["rejectsMissingHeaderAndSeparator", `${body}.${signature}`],
    ["rejectsMissingHeaderAndSignature", `.${body}.`],
    ["rejectsMissingHeaderSignatureAndSeparators", body],
    ["rejectsEmptyString", ""],
    ["rejectsExtraEmptyComponent", `${valid}.`],
    ["rejectsExtraComponent", `${valid}.foo`],
    ["rejectsNoneAlgorithmAndMissingSignature", `${encode(headerOf(key, "none"))}.${body}.`],
    ["algIsNone", `${encode(headerOf(key, "None"))}.${body}.${signature}`],
    ["rejectsValidJsonSerialization", JSON.stringify({ payload: body, protected: head, signature })],
    ["rejectsSymmetryConfusionAttacks_pem", hmac(String(publicKey.export({ type: "spki", format: "pem" })))],
    ["rejectsSymmetryConfusionAttacks_der", hmac(publicKey.export({ type: "spki", format: "der" }))],
    ["rejectsSymmetryConfusionAttacks_keyBytes", hmac(Buffer.from(String(key.x ?? key.n), "base64url"))],
    ["rejectsSpaces in the signature", `${head}.${body}.${signature.slice(0, 9)} ${signature.slice(9)}`],
    [
      "rejectsInvalidCharacter in the signature",
      `${head}.${body}.${signature.slice(0, 9)}*${signature.slice(9)}`,
    ],
    ["rejects a character replaced by an invalid one", `${head}.${body}.+${signature.slice(1)}`],
    ["spacesInHeader", `${head.slice(0, 4)} ${head.slice(4)}.${body}.${signature}`],
    ["invalidCharactersInHeader", `${head.slice(0, 4)}$${head.slice(4)}.${body}.${signature}`],
    ["invalidBase64Padding", `${head}=.${body}.${signature}`],
    ["spacesInPayload", `${head}.${body.slice(0, 4)}\n${body.slice(4)}.${signature}`],
    ["invalidCharactersInPayload", `${head}.${body.slice(0, 4)}?${body.slice(4)}.${signature}`],
    ["invalidBase64PaddingInPayload", `${head}.${body}==.${signature}`],
  ])("%s", (_name, jws) => expectRefused(jws));

  it("rejectsAttackerProvidedEmbeddedJwk", async () => {
    const mine = { ...(await generateSigningKey("ES256")), kid: String(key.kid) };
    const header = { ...headerOf(key, "ES256"), jwk: publicHalf(mine) };
    await expectRefused(craft({ header, payload: PAYLOAD }, signerOf(mine)));
  });

  it("ModifiedUnusedBitsInPayload", async () => {
    // A text of one byte more than a multiple of three leaves four bits of its last character unused.
    const payload = `${JSON.stringify(PAYLOAD)}  `;
    const padded = payload.padEnd(payload.length + ((4 - (payload.length % 3)) % 3));
    const spelt = `${encode(padded).slice(0, -1)}${String.fromCharCode(encode(padded).charCodeAt(encode(padded).length - 1) + 1)}`;
    expect(Buffer.from(spelt, "base64url").toString()).toBe(padded);
    const input = `${head}.${spelt}`;
    await expectRefused(`${input}.${signerOf(key, alg)(Buffer.from(input)).toString("base64url")}`);
  });

  it("ValidWhiteSpaceInJsonHeader", async () => {
    const header = JSON.stringify(headerOf(key, alg), null, "\t");
    await expect(verify(craft({ header, payload: PAYLOAD }, signerOf(key, alg)))).resolves.toEqual(PAYLOAD);
  });
});

describe("SpecialCaseEs256", () => {
  const raw = (...parts: readonly Buffer[]): string => made(p256, "ES256", () => Buffer.concat(parts));
  const valid = Buffer.from(String(made(p256).split(".")[2]), "base64url");
  const [r, s] = [
    toInteger(valid.subarray(0, 32).toString("base64url")),
    toInteger(valid.subarray(32).toString("base64url")),
  ];
  const edges = { Zero: 0n, One: 1n, Nminus1: P256_ORDER - 1n, N: P256_ORDER };
  const pairs = Object.entries(edges).flatMap(([rName, rValue]) =>
    Object.entries(edges).map(([sName, sValue]): [string, string] => [
      `rIs${rName}_sIs${sName}`,
      raw(octets(rValue, 32), octets(sValue, 32)),
    ]),
  );
  it.each<[string, string]>([
    ["SignatureTooLong", raw(Buffer.alloc(1), octets(r, 32), Buffer.alloc(1), octets(s, 32))],
    ["TrailingZeros", raw(valid, Buffer.alloc(2))],
    ["RisTooBig", raw(octets(r + P256_ORDER, 33), octets(s, 33))],
    ["SisTooBig", raw(octets(r, 33), octets(s + P256_ORDER, 33))],
    ["IntegerOverflow", raw(octets(r + (1n << 256n), 33), octets(s + (1n << 256n), 33))],
    ["BufferOverflow", raw(octets(r, 32), octets(s, 32), Buffer.alloc(1_024, 0xff))],
    ["DER instead of two integers", made(p256, "ES256", (input) => derOf(p256, input))],
    ...pairs,
  ])("%s", (_name, jws) => expectRefused(jws));

  it("the twin signature n - s is another text of the same token, with the same jti", async () => {
    const token = made(p256);
    const bytes = Buffer.from(String(token.split(".")[2]), "base64url");
    const twin = P256_ORDER - toInteger(bytes.subarray(32).toString("base64url"));
    const signature = Buffer.concat([bytes.subarray(0, 32), octets(twin, 32)]).toString("base64url");
    await expect(verify(`${token.split(".").slice(0, 2).join(".")}.${signature}`)).resolves.toEqual(
      await verify(token),
    );
  });
});

function derOf(key: Key, input: Buffer): Buffer {
  return sign("sha256", input, { key: key as JsonWebKeyInput["key"], format: "jwk", dsaEncoding: "der" });
}

describe("ps256 and rs256: ModifiedSignature, ModifiedPadding", () => {
  const raw = (signature: Buffer, alg = "PS256"): string => made(rsa, alg, () => signature);
  const value = (number: bigint): string => raw(octets(number, 256));
  const valid = toInteger(String(made(rsa, "PS256").split(".")[2]));
  it.each<[string, string]>([
    ["SignatureIs0", value(0n)],
    ["SignatureIs1", value(1n)],
    ["SignatureIsNsub1", value(N - 1n)],
    ["SignatureIsn", value(N)],
    ["SignatureIsnotReduced", raw(octets(valid + N, 257))],
    ["prependingZerosToSignature", raw(octets(valid, 258))],
    ["appendingZerosToSignature", raw(Buffer.concat([octets(valid, 256), Buffer.alloc(2)]))],
    ["truncatedSignature", raw(octets(valid, 256).subarray(0, 254))],
  ])("%s", (_name, jws) => expectRefused(jws));

  it.each([0, 20, 31, 33, 48, 222])("SaltLenChanged to %s", async (saltLength) => {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    await expectRefused(
      made(rsa, "PS256", (input) =>
        sign("sha256", input, { key: rsa as JsonWebKeyInput["key"], format: "jwk", padding, saltLength }),
      ),
    );
  });

  /** EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) with what stands between padding and hash replaced. */
  const padded = (algorithm: Buffer, change: (encoded: Buffer) => Buffer = (encoded) => encoded): string =>
    made(rsa, "RS256", (input) => {
      const hash = createHash("sha256").update(input).digest();
      const digestInfo = Buffer.concat([algorithm, hash]);
      const filling = Buffer.alloc(256 - 3 - digestInfo.length, 0xff);
      const encoded = change(Buffer.concat([Buffer.from([0, 1]), filling, Buffer.alloc(1), digestInfo]));
      const key = {
        key: rsa as JsonWebKeyInput["key"],
        format: "jwk",
        padding: constants.RSA_NO_PADDING,
      } as const;
      return privateEncrypt(key as never, encoded);
    });
  const SHA256 = Buffer.from("3031300d060960864801650304020105000420", "hex");

  it("acceptsValid, made by hand", async () => expect(verify(padded(SHA256))).resolves.toEqual(PAYLOAD));

  const replaced = (from: string, to: string): Buffer =>
    Buffer.from(SHA256.toString("hex").replace(from, to), "hex");
  it.each<[string, string]>([
    ["lengthOfSequenceUsesLongFormEncoding", padded(replaced("3031", "308131"))],
    ["lengthOfSequenceContainsALeading0", padded(replaced("3031", "30820031"))],
    ["lengthOfSequenceUses50InsteadOf49", padded(replaced("3031", "3032"))],
    ["lengthOfSequenceUses48InsteadOf49", padded(replaced("3031", "3030"))],
    ["uint32OverflowInLengthOfSequence", padded(replaced("3031", "30850100000031"))],
    ["lengthOfSequenceIs2to31", padded(replaced("3031", "308480000000"))],
    ["removingSequence", padded(replaced("300d060960864801650304020105000420", "0420"))],
    ["appendingNullValueToSequence", padded(replaced("0500", "05000500"))],
    ["ReplacingSequenceWithNULL", padded(replaced("300d06096086480165030402010500", "0500"))],
    ["changingTagValueOfSequence", padded(replaced("300d", "310d"))],
    ["droppingValueOfSequence", padded(replaced("300d06096086480165030402010500", "3000"))],
    ["truncatedSequence: without NULL", padded(Buffer.from("302f300b06096086480165030402010420", "hex"))],
    ["another hash named", padded(replaced("0201", "0203"))],
    ["no hash named", padded(Buffer.alloc(0))],
    [
      "a hash that is not at the end",
      padded(SHA256, (encoded) =>
        Buffer.concat([
          Buffer.from([0, 1]),
          Buffer.alloc(8, 0xff),
          encoded.subarray(204),
          Buffer.alloc(194),
        ]).subarray(0, 256),
      ),
    ],
    ["padding of type 2", padded(SHA256, (encoded) => Buffer.from(encoded.with(1, 2)))],
    ["padding with a zero", padded(SHA256, (encoded) => Buffer.from(encoded.with(20, 0)))],
  ])("%s", (_name, jws) => expectRefused(jws));

  it.each(["UsingRS256", "UsingPS256"])("WrongPrimitive: %s under the other's name", async (name) => {
    const [real, said] = name === "UsingRS256" ? ["RS256", "PS256"] : ["PS256", "RS256"];
    await expectRefused(made(rsa, said, signerOf(rsa, real)));
  });
});
