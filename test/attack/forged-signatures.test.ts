import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKeyInput } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { generateSigningKey, type Key, publicKeySet } from "../../foundation/tokens.js";
import { lintEd25519 } from "../../foundation/tokens/keys/curves.js";
import { requireAlgorithm } from "../../foundation/tokens/text-rules.js";
import { verifySignature } from "../../foundation/tokens/verify-signature.js";
import { craft, signerOf } from "../support/craft-token.js";
import { openTokenDoor, REFUSED, RELEASED, type TokenDoor } from "../support/token-door.js";
import { withoutRules } from "../support/without-rule.js";

// Each rule works, and can be switched off: an attack that it refuses must succeed without it.
vi.mock("../../foundation/tokens/keys/curves.js", { spy: true });
vi.mock("../../foundation/tokens/text-rules.js", { spy: true });
vi.mock("../../foundation/tokens/verify-signature.js", { spy: true });

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function keyPair(type: "rsa" | "ec384"): Key {
  const { privateKey } =
    type === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 2_048 })
      : generateKeyPairSync("ec", { namedCurve: "P-384" });
  return privateKey.export({ format: "jwk" }) as Key;
}

let door: TokenDoor;
const p256 = await generateSigningKey("ES256");
/** Published without `alg`, so that nothing but the configuration decides what it may be used with. */
const rsa = { ...keyPair("rsa"), kid: "rsa" };
const p384 = { ...keyPair("ec384"), kid: "p384" };
/** The point (0, 1): of order 1, so that every multiple of it is itself. */
const nobody = {
  kty: "OKP",
  crv: "Ed25519",
  x: Buffer.from([1, ...Array(31).fill(0)]).toString("base64url"),
  kid: "nobody",
};

beforeAll(async () => {
  door = await openTokenDoor({ issuers: [p256, rsa, p384] });
});
afterAll(async () => door.bureau.close());

const forged = (header: Record<string, unknown>, signature: Buffer = Buffer.alloc(64)) =>
  craft({ header: door.header(header), payload: door.claims() }, () => signature);

describe("T2: the keys of this door", () => {
  it("let honest tokens through, so that the refusals below mean something", async () => {
    expect(await door.ask(door.token())).toMatchObject(RELEASED);
    const header = door.header({ alg: "ES256", kid: p256.kid });
    expect(await door.ask(craft({ header, payload: door.claims() }, signerOf(p256)))).toMatchObject(RELEASED);
  });
});

describe("T2: algorithm confusion", () => {
  it.each(["none", "None", "NONE", "nOnE"])("refuses alg %s, with and without a signature", async (alg) => {
    for (const signature of [Buffer.alloc(0), Buffer.alloc(64)])
      expect(await door.ask(forged({ alg }, signature))).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
  });

  it.each([
    ["Ed25519", () => door.bureau.keys.issuer],
    ["EC", () => p256],
    ["RSA", () => rsa],
  ] as const)(
    "refuses HS256 with the %s public key as the secret, in any of its forms",
    async (_type, keyOf) => {
      const key = keyOf();
      const [jwk] = publicKeySet([key]).keys;
      const publicKey = createPublicKey({ key: jwk as JsonWebKeyInput["key"], format: "jwk" });
      const secrets = [
        publicKey.export({ type: "spki", format: "pem" }),
        String(publicKey.export({ type: "spki", format: "pem" })).trim(),
        publicKey.export({ type: "spki", format: "der" }),
        JSON.stringify(jwk),
        String(jwk?.x ?? jwk?.n),
        Buffer.from(String(jwk?.x ?? jwk?.n), "base64url"),
        "",
      ];
      for (const secret of secrets) {
        const token = craft(
          { header: door.header({ alg: "HS256", kid: key.kid }), payload: door.claims() },
          (input) => createHmac("sha256", secret).update(input).digest(),
        );
        expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
      }
    },
  );

  it("refuses a header without alg", async () => {
    expect(await door.ask(forged({ alg: undefined }))).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
  });

  it("refuses RS256, honestly signed by a key of the issuer, where it is not configured", async () => {
    const header = door.header({ alg: "RS256", kid: rsa.kid });
    const token = craft({ header, payload: door.claims() }, signerOf(rsa, "RS256"));
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    expect(await withoutRules([requireAlgorithm], () => door.ask(token))).toMatchObject(RELEASED);
  });

  it("refuses ES256 with a key of P-384", async () => {
    const header = door.header({ alg: "ES256", kid: p384.kid });
    const token = craft({ header, payload: door.claims() }, signerOf(p384, "ES256"));
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
  });

  it("refuses one key's signature under another key's name", async () => {
    const header = door.header({ alg: "ES256", kid: door.bureau.keys.issuer.kid });
    const token = craft({ header, payload: door.claims() }, signerOf(p256));
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
  });
});

describe("T2: keys and signatures of the attacker's own", () => {
  it("refuses a key that the token brings along", async () => {
    const mine = await generateSigningKey();
    const [jwk] = publicKeySet([mine]).keys;
    for (const header of [
      door.header({ jwk }),
      door.header({ jwk, kid: mine.kid }),
      door.header({ jwk, kid: undefined }),
      door.header({ kid: mine.kid }),
      door.header(),
    ]) {
      const token = craft({ header, payload: door.claims() }, signerOf(mine));
      expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    }
  });

  it("refuses an empty signature", async () => {
    const [head, body] = door.token().split(".");
    expect(await door.ask(`${head}.${body}.`)).toMatchObject(REFUSED);
    expect(await door.ask(`${head}.${body}`)).toMatchObject(REFUSED);
  });

  const edges = { 0: 0n, 1: 1n, "n-1": P256_ORDER - 1n, n: P256_ORDER } as const;
  const pairs = Object.entries(edges).flatMap(([r, rValue]) =>
    Object.entries(edges).map(([s, sValue]) => [`r = ${r}, s = ${s}`, rValue, sValue] as const),
  );
  it.each(pairs)("refuses the ECDSA signature %s", async (_what, r, s) => {
    const signature = [r, s].map((value) => value.toString(16).padStart(64, "0")).join("");
    const token = forged({ alg: "ES256", kid: p256.kid }, Buffer.from(signature, "hex"));
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    expect(await withoutRules([verifySignature], () => door.ask(token))).toMatchObject(RELEASED);
  });

  it("refuses a payload that was changed after it was signed", async () => {
    const [head, , signature] = door.token().split(".");
    const [, body] = door.token({ sub: "demo-bank" }).split(".");
    const token = `${head}.${body}.${signature}`;
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    expect(await withoutRules([verifySignature], () => door.ask(token))).toMatchObject(RELEASED);
  });

  it("does not admit a key of small order, whose signatures anyone can make", async () => {
    // R = (0, 1) and S = 0 fulfil S B = R + k A for A = (0, 1), whatever k is.
    const signature = Buffer.from([1, ...Array<number>(63).fill(0)]);
    const open = () => openTokenDoor({ issuers: [nobody] });
    const guarded = await open();
    const unguarded = await withoutRules([lintEd25519], open);
    try {
      const header = guarded.header({ kid: "nobody" });
      const attack = (at: TokenDoor) => at.ask(craft({ header, payload: at.claims() }, () => signature));
      expect(await attack(guarded)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
      expect(await attack(unguarded)).toMatchObject(RELEASED);
      expect(guarded.bureau.errors.map(String).join()).toContain("small order");
    } finally {
      await guarded.bureau.close();
      await unguarded.bureau.close();
    }
  });
});
