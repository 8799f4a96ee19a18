import { describe, expect, it } from "vitest";
import {
  createSigner,
  createStatementVerifier,
  createVerifier,
  generateSigningKey,
  publicKeySet,
  TokenError,
} from "../../../foundation/tokens.js";

const NOW = new Date("2026-03-01T00:00:00Z");
const iat = NOW.getTime() / 1000;
const key = await generateSigningKey();
const signer = await createSigner(key);
const claims = {
  iss: "https://issuer.test",
  aud: "xinqiao",
  sub: "demo-bank",
  iat,
  exp: iat + 600,
  jti: "t-1",
};

function verifier(now = NOW) {
  return createVerifier({
    keys: { kind: "local", keys: publicKeySet([key]) },
    algorithms: ["EdDSA"],
    issuer: "https://issuer.test",
    audience: "xinqiao",
    typ: "at+jwt",
    requiredClaims: ["sub"],
    clockToleranceSeconds: 5,
    lifetimeMaxSeconds: 3_600,
    charactersMax: 8_192,
    now: () => now,
  });
}

async function kindOf(token: string, now = NOW): Promise<string> {
  try {
    await verifier(now)(token);
    return "ok";
  } catch (error) {
    return error instanceof TokenError ? error.kind : "unexpected";
  }
}

describe("token verification", () => {
  it("accepts what it signed", async () => {
    await expect(verifier()(await signer.sign("at+jwt", claims))).resolves.toMatchObject({
      sub: "demo-bank",
      jti: "t-1",
    });
  });

  it.each([
    ["another issuer", { ...claims, iss: "https://issuer.test/" }],
    ["another audience", { ...claims, aud: "other" }],
    ["no expiry", { ...claims, exp: undefined }],
    ["an endless life", { ...claims, exp: iat + 3_601 }],
    ["an expiry before its issue", { ...claims, exp: iat - 1 }],
    ["a future issue", { ...claims, iat: iat + 6, exp: iat + 60 }],
    ["a future start", { ...claims, nbf: iat + 6 }],
    ["no token id", { ...claims, jti: undefined }],
    ["a fractional expiry", { ...claims, exp: iat + 0.5 }],
  ])("refuses %s", async (_what, bad) => {
    expect(await kindOf(await signer.sign("at+jwt", bad))).not.toBe("ok");
  });

  it("refuses a token of another type, so that a permit is no access token", async () => {
    expect(await kindOf(await signer.sign("permit+jwt", claims))).toBe("invalid");
  });

  it("tells an expired token apart, to the second beyond the tolerance", async () => {
    const token = await signer.sign("at+jwt", claims);
    expect(await kindOf(token, new Date((iat + 604) * 1000))).toBe("ok");
    expect(await kindOf(token, new Date((iat + 606) * 1000))).toBe("expired");
  });

  it("refuses every other spelling of a valid token", async () => {
    const token = await signer.sign("at+jwt", claims);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const twins = [...alphabet]
      .map((character) => token.slice(0, -1) + character)
      .filter((twin) => twin !== token);
    for (const twin of [...twins, `${token}==`, ` ${token}`, `${token}\n`])
      expect(await kindOf(twin)).toBe("invalid");
  });

  it("publishes no private half", () => {
    expect(JSON.stringify(publicKeySet([key]))).not.toContain(String(key.d));
  });
});

describe("a signed statement without a life of its own, such as a consent artefact", () => {
  const verify = createStatementVerifier({
    keys: { kind: "local", keys: publicKeySet([key]) },
    algorithms: ["EdDSA"],
    typ: "consent+jwt",
    charactersMax: 60_000,
  });

  it("is verified on the same path: text, kind, key and signature, and no claim is asked of it", async () => {
    const statement = await signer.sign("consent+jwt", { consentId: "c-1", categories: ["IDENTITY"] });
    await expect(verify(statement)).resolves.toEqual({ consentId: "c-1", categories: ["IDENTITY"] });
  });

  it("is refused when it is another kind, another key's, changed, or spelt otherwise", async () => {
    const statement = await signer.sign("consent+jwt", { consentId: "c-1" });
    const [head, , signature] = statement.split(".");
    const body = Buffer.from('{"consentId":"c-2"}').toString("base64url");
    const stranger = await createSigner({ ...(await generateSigningKey()), kid: String(key.kid) });
    for (const bad of [
      await signer.sign("at+jwt", { consentId: "c-1" }),
      await stranger.sign("consent+jwt", { consentId: "c-1" }),
      `${head}.${body}.${signature}`,
      `${statement}=`,
    ])
      await expect(verify(bad)).rejects.toMatchObject({ kind: "invalid" });
  });
});

describe("a verifier", () => {
  it("without an algorithm is not made", () => {
    const keys = { kind: "local", keys: publicKeySet([key]) } as const;
    expect(() => createStatementVerifier({ keys, algorithms: [], typ: "x", charactersMax: 1 })).toThrow(
      TypeError,
    );
  });

  it("without a key that is admitted says so at once, and blames no token", async () => {
    const problems: string[] = [];
    const verify = createStatementVerifier({
      keys: { kind: "local", keys: { keys: [key] } },
      algorithms: ["EdDSA"],
      typ: "consent+jwt",
      charactersMax: 60_000,
      onKeyProblem: (problem) => problems.push(problem),
    });
    expect(problems).toEqual(["key 1 of the set: a private or secret key"]);
    await expect(verify(await signer.sign("consent+jwt", {}))).rejects.toMatchObject({
      kind: "keys-unavailable",
    });
  });
});
