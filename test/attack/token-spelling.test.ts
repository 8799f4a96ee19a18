import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { requireMeantNames, requireShallow } from "../../foundation/tokens/json-rules.js";
import { requireClaims, requireLive, requireSaneTimes } from "../../foundation/tokens/claim-rules.js";
import { requireCanonical } from "../../foundation/tokens/text-rules.js";
import { createVerifier, generateSigningKey, publicKeySet } from "../../foundation/tokens.js";
import { createAuthenticate } from "../../gateway/authenticate/index.js";
import { AUDIENCE, ISSUER } from "../support/bureau.js";
import { craft, signerOf, withMembers } from "../support/craft-token.js";
import { openTokenDoor, REFUSED, RELEASED, type TokenDoor } from "../support/token-door.js";
import { withoutRules } from "../support/without-rule.js";

// Each rule works, and can be switched off: an attack that it refuses must succeed without it.
vi.mock("../../foundation/tokens/json-rules.js", { spy: true });
vi.mock("../../foundation/tokens/claim-rules.js", { spy: true });
vi.mock("../../foundation/tokens/text-rules.js", { spy: true });

let door: TokenDoor;

beforeAll(async () => {
  door = await openTokenDoor();
});
afterAll(async () => door.bureau.close());

const now = () => Math.floor(door.bureau.clock.now().getTime() / 1_000);
/** A token whose texts are written by hand. */
const written = (payload: string, header: string = JSON.stringify(door.header())) =>
  craft({ header, payload }, signerOf(door.bureau.keys.issuer));
const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

describe("T5: another spelling of a valid token", () => {
  it("is none of the spellings of its last character", async () => {
    const token = door.token();
    // 64 bytes of signature leave four bits of the last character unused: 16 spellings, one of them canonical.
    const meant = Buffer.from(token.slice(-2), "base64url").toString("hex");
    const twins = [...ALPHABET]
      .map((character) => token.slice(0, -1) + character)
      .filter((twin) => Buffer.from(twin.slice(-2), "base64url").toString("hex") === meant);
    expect(twins).toHaveLength(16);
    const others = twins.filter((twin) => twin !== token);
    for (const twin of others)
      expect(await door.ask(twin)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    for (const twin of others)
      expect(await withoutRules([requireCanonical], () => door.ask(twin))).toMatchObject(RELEASED);
  });

  it("is not the one with padding", async () => {
    const token = `${door.token()}==`;
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    expect(await withoutRules([requireCanonical], () => door.ask(token))).toMatchObject(RELEASED);
  });

  it.each([
    ["a space before", (token: string) => ` ${token}`],
    ["a space inside", (token: string) => token.replace(".", ". ")],
    ["a newline inside", (token: string) => token.replace(".", ".\n")],
    ["a tab after", (token: string) => `${token}\t`],
    ["standard base64", (token: string) => token.replaceAll("-", "+").replaceAll("_", "/")],
    ["a fourth part", (token: string) => `${token}.`],
    [
      "JSON serialization",
      (token: string) => JSON.stringify({ payload: token.split(".")[1], signatures: [] }),
    ],
  ])("is not the one with %s", async (_what, respell) => {
    let token = door.token();
    while (!/[-_]/.test(token)) token = door.token();
    expect(await door.ask(respell(token))).toMatchObject(REFUSED);
    expect(await door.ask(token)).toMatchObject(RELEASED);
  });
});

describe("T5: the twin of an ECDSA signature, n - s", () => {
  it("is the same token to everything that is kept about it", async () => {
    const key = await generateSigningKey("ES256");
    const identify = createAuthenticate({
      verify: createVerifier({
        keys: { kind: "local", keys: publicKeySet([key]) },
        algorithms: ["ES256"],
        issuer: ISSUER,
        audience: AUDIENCE,
        typ: "at+jwt",
        requiredClaims: [],
        clockToleranceSeconds: 5,
        lifetimeMaxSeconds: 86_400,
        charactersMax: 8_192,
        now: () => door.bureau.clock.now(),
      }),
      clock: door.bureau.clock,
      boundParties: new Set(),
      proofAgeMaxSeconds: 60,
      proofAheadMaxSeconds: 5,
      clockSkewSeconds: 5,
      replayGuard: undefined,
    });
    const header = door.header({ alg: "ES256", kid: key.kid });
    const token = craft({ header, payload: door.claims({ cnf: undefined }) }, signerOf(key));
    const [head, body, signature = ""] = token.split(".");
    const bytes = Buffer.from(signature, "base64url");
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const s = (order - BigInt(`0x${bytes.toString("hex", 32)}`)).toString(16).padStart(64, "0");
    const twin = `${head}.${body}.${Buffer.concat([bytes.subarray(0, 32), Buffer.from(s, "hex")]).toString("base64url")}`;
    expect(twin).not.toBe(token);
    const of = async (text: string) => {
      const authorization = [`Bearer ${text}`];
      const facts = {
        authorization,
        dpop: [],
        method: "POST",
        url: "/",
        clientCertificate: [],
        requestId: "r",
      };
      return (await identify(facts)).principal;
    };
    expect(await of(twin)).toEqual(await of(token));
    expect((await of(twin)).tokenKey).toMatch(new RegExp(`^${ISSUER}\\|[0-9a-f-]{36}$`));
  });
});

describe("T5: members twice, and names of the prototype", () => {
  it.each([
    ["a claim twice", () => written(withMembers(door.claims(), '"sub":"other-bank"'))],
    ["a claim twice, once escaped", () => written(withMembers(door.claims(), '"\\u0073ub":"other-bank"'))],
    ["a member of a claim twice", () => written(withMembers(door.claims(), '"x":{"a":1,"a":2}'))],
    ["a claim called __proto__", () => written(withMembers(door.claims(), '"__proto__":{"admin":true}'))],
    [
      "a claim called __proto__, escaped",
      () => written(withMembers(door.claims(), '"\\u005f_proto__":{"admin":true}')),
    ],
    [
      "a claim called constructor",
      () => written(withMembers(door.claims(), '"constructor":{"prototype":{}}')),
    ],
    ["a member called prototype", () => written(withMembers(door.claims(), '"x":[{"prototype":1}]'))],
    [
      "a header member twice",
      () => written(JSON.stringify(door.claims()), withMembers(door.header(), '"alg":"EdDSA"')),
    ],
  ])("refuses %s", async (_what, make) => {
    const token = make();
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    expect((await withoutRules([requireMeantNames], () => door.ask(token))).status).toBe(
      // What reaches the bank named last has no consent, but it has reached it.
      200,
    );
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
  });
});

describe("T5: times that make no sense", () => {
  it.each([
    ["no exp", { exp: undefined }, [requireClaims, requireSaneTimes]],
    ["exp 1e308", { exp: 1e308 }, [requireSaneTimes]],
    ["exp in words", { exp: "tomorrow" }, [requireSaneTimes]],
    ["exp as digits in a string", () => ({ exp: String(now() + 600) }), [requireSaneTimes]],
    ["a fractional exp", () => ({ exp: now() + 600.5 }), [requireSaneTimes]],
    ["exp beyond the integers", { exp: 2 ** 53 }, [requireSaneTimes]],
    ["a life of more than a day", () => ({ exp: now() + 86_401 }), [requireSaneTimes]],
    ["exp before iat", () => ({ iat: now(), exp: now() - 1 }), [requireSaneTimes]],
    ["iat in the future", () => ({ iat: now() + 61 }), [requireSaneTimes]],
    ["iat as null", { iat: null }, [requireClaims, requireSaneTimes]],
    ["nbf in the future", () => ({ nbf: now() + 61 }), [requireSaneTimes]],
    ["nbf in words", { nbf: "now" }, [requireSaneTimes]],
    ["nbf below zero", { nbf: -1 }, [requireSaneTimes]],
    ["no jti", { jti: undefined }, []],
    ["jti as a number", { jti: 7 }, []],
  ] as const)("refuses %s", async (_what, over, rules) => {
    const token = door.token(typeof over === "function" ? over() : over);
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    if (rules.length > 0) expect(await withoutRules(rules, () => door.ask(token))).toMatchObject(RELEASED);
  });

  it("refuses what has expired, says so, and would release it otherwise", async () => {
    const token = door.token({ iat: now() - 700, exp: now() - 100 });
    const refused = await door.ask(token);
    expect(refused).toMatchObject({ ...REFUSED, code: "TOKEN_EXPIRED" });
    expect(refused.challenge).toContain('error="invalid_token"');
    expect(await withoutRules([requireLive], () => door.ask(token))).toMatchObject(RELEASED);
  });

  it("honours nbf that has come", async () => {
    expect(await door.ask(door.token({ nbf: now() - 1 }))).toMatchObject(RELEASED);
  });
});

describe("T5: texts out of proportion", () => {
  it("refuses JSON nested beyond the limit, and admits it up to there", async () => {
    const token = written(withMembers(door.claims(), `"deep":${nested(12)}`));
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    expect(await withoutRules([requireShallow], () => door.ask(token))).toMatchObject(RELEASED);
    expect(await door.ask(written(withMembers(door.claims(), `"deep":${nested(11)}`)))).toMatchObject(
      RELEASED,
    );
  });

  it.each([
    ["a token of 100 kB", () => door.token({ filler: "x".repeat(100_000) })],
    ["JSON a thousand levels deep", () => written(withMembers(door.claims(), `"deep":${nested(1_000)}`))],
    ["a payload that is no object", () => written("[]")],
    ["a payload that is no JSON", () => written("{")],
    ["bytes that are not UTF-8", () => written(Buffer.from([0xff, 0xfe, 0x7b, 0x7d]).toString("latin1"))],
    ["a byte order mark", () => written(`\ufeff${JSON.stringify(door.claims())}`)],
  ])("refuses %s", async (_what, make) => {
    expect(await door.ask(make())).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
  });
});
