import { describe, expect, it } from "vitest";
import { createProcessSeal, sha256Base64url } from "../../../foundation/tokens.js";
import { createPermitVerifier, type PermitTrust } from "../../../subgraphs/host/permit.js";

const NOW = new Date("2026-06-15T04:00:00.000Z");
const SECONDS = NOW.getTime() / 1_000;
const CLAIMS = { iss: "gateway", aud: "signals", iat: SECONDS, exp: SECONDS + 5, jti: "1", sub: "demo-bank" };
const EXPECTED = {
  issuer: "gateway",
  audience: "signals",
  requiredClaims: ["sub"],
  clockToleranceSeconds: 2,
  lifetimeMaxSeconds: 5,
};

const seal = createProcessSeal("permit+jwt");
const text = seal.sign(CLAIMS);
const [header = "", payload = "", mac = ""] = text.split(".");
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a process's own seal", () => {
  it("opens what it sealed", () => {
    expect(seal.isMeant(text)).toBe(true);
    expect(seal.open(text, EXPECTED, NOW)).toEqual(CLAIMS);
  });

  it.each([
    ["other claims", `${header}.${encoded({ ...CLAIMS, sub: "other-bank" })}.${mac}`],
    ["no seal", `${header}.${payload}.`],
    ["half a seal", `${header}.${payload}.${mac.slice(0, 20)}`],
    ["no algorithm", `${encoded({ alg: "none", typ: "permit+jwt", kid: "process" })}.${payload}.${mac}`],
    ["another kind", `${encoded({ alg: "HS256", typ: "at+jwt", kid: "process" })}.${payload}.${mac}`],
    ["the seal of another process", createProcessSeal("permit+jwt").sign(CLAIMS)],
    ["nothing", ""],
  ])("does not open %s", (_what, forged) => {
    expect(() => seal.open(forged, EXPECTED, NOW)).toThrow("token invalid");
  });

  it.each([
    ["another audience", { aud: "transactions" }],
    ["another issuer", { iss: "elsewhere" }],
    ["a past", { iat: SECONDS - 20, exp: SECONDS - 15 }],
    ["too long a life", { exp: SECONDS + 60 }],
    ["a missing claim", { sub: undefined }],
  ])("does not open what it sealed with %s", (_what, over) => {
    expect(() => seal.open(seal.sign({ ...CLAIMS, ...over }), EXPECTED, NOW)).toThrow();
  });

  it("is not meant by signed tokens", () => {
    expect(seal.isMeant(`${encoded({ alg: "EdDSA", typ: "permit+jwt", kid: "k" })}.${payload}.${mac}`)).toBe(
      false,
    );
  });
});

describe("a permit under the seal of a process", () => {
  const request = { permit: "", body: "{}" };
  const claims = {
    ...CLAIMS,
    party: "bank",
    scope: "profile:read",
    body: sha256Base64url(request.body),
    grants: [],
  };
  const trust: PermitTrust = {
    issuer: "gateway",
    keys: { kind: "local", keys: { keys: [] } },
    algorithms: ["EdDSA"],
    clock: { now: () => NOW, monotonicMs: () => 0 },
  };

  it("is believed by a subgraph of that process, for itself and for these bytes", async () => {
    const verify = createPermitVerifier({ ...trust, seal });
    const permit = seal.sign(claims);
    expect((await verify("signals", { ...request, permit })).principal.id).toBe("demo-bank");
    await expect(verify("transactions", { ...request, permit })).rejects.toMatchObject({
      code: "PERMIT_INVALID",
    });
    await expect(verify("signals", { permit, body: "{ }" })).rejects.toMatchObject({
      code: "PERMIT_INVALID",
    });
  });

  it("is refused by any other", async () => {
    const permit = seal.sign(claims);
    for (const other of [
      {},
      { seal: createProcessSeal("permit+jwt") },
      { seal: createProcessSeal("at+jwt") },
    ]) {
      const verify = createPermitVerifier({ ...trust, ...other });
      await expect(verify("signals", { ...request, permit })).rejects.toMatchObject({
        code: "PERMIT_INVALID",
      });
    }
  });
});
