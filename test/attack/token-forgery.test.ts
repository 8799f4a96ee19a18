import { createHmac, createPublicKey } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSigner, generateSigningKey, publicKeySet } from "../../foundation/tokens.js";
import { ALICE, grant, PROFILE, publishTwoMerchants } from "../support/actors.js";
import { AUDIENCE, ISSUER, startTestBureau, type TestBureau } from "../support/bureau.js";
import { rememberKey } from "../support/proofs.js";

let bureau: TestBureau;

beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE);
});
afterAll(async () => bureau.close());

const iat = () => Math.floor(bureau.clock.now().getTime() / 1000);
const claims = (over: Record<string, unknown> = {}) => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: "demo-bank",
  client_id: "bank:demo-bank",
  party: "bank",
  scope: "profile:read",
  iat: iat(),
  exp: iat() + 600,
  jti: crypto.randomUUID(),
  cnf: { jkt: bureau.proofKey.jkt },
  authorization_details: [
    {
      type: "merchant_credit_profile",
      purposes: ["PRE_LOAN_ASSESSMENT"],
      datatypes: ["IDENTITY", "TRANSACTIONS"],
    },
  ],
  ...over,
});
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const signed = async (over: Record<string, unknown> = {}, typ = "at+jwt") =>
  bound(await (await createSigner(bureau.keys.issuer)).sign(typ, claims(over)));

/** Whatever is wrong with a token, it comes with a proof as good as any. */
function bound(token: string): string {
  rememberKey(token, bureau.proofKey, bureau.clock);
  return token;
}

async function outcome(
  token: string,
): Promise<{ status: number; code: unknown; data: unknown; challenge: unknown }> {
  const reply = await bureau.graphql(bound(token), PROFILE, { id: ALICE });
  return {
    status: reply.status,
    code: reply.errors[0]?.extensions["code"],
    data: reply.data?.merchant ?? null,
    challenge: reply.headers["www-authenticate"],
  };
}

describe("forged and misused access tokens", () => {
  it("lets the honest token through, so that the refusals below mean something", async () => {
    const { status, data } = await outcome(await signed());
    expect(status).toBe(200);
    expect(data).toMatchObject({ identity: { legalName: "Alice Trading" } });
  });

  it.each(["none", "None", "NONE", "nOnE"])("refuses alg %s", async (alg) => {
    const token = `${encode({ alg, typ: "at+jwt" })}.${encode(claims())}.`;
    expect(await outcome(token)).toMatchObject({ status: 401, data: null });
    expect(await outcome(`${token}AA`)).toMatchObject({ status: 401, data: null });
  });

  it("refuses an HMAC made with the public key in any of its forms (algorithm confusion)", async () => {
    const [jwk] = publicKeySet([bureau.keys.issuer]).keys;
    const key = createPublicKey({ key: jwk as never, format: "jwk" });
    const secrets = [
      key.export({ type: "spki", format: "pem" }),
      key.export({ type: "spki", format: "der" }),
      JSON.stringify(jwk),
      String(jwk?.["x"]),
    ];
    for (const secret of secrets) {
      const head = `${encode({ alg: "HS256", typ: "at+jwt", kid: bureau.keys.issuer.kid })}.${encode(claims())}`;
      const token = `${head}.${createHmac("sha256", secret).update(head).digest("base64url")}`;
      expect(await outcome(token)).toMatchObject({ status: 401, code: "TOKEN_INVALID", data: null });
    }
  });

  it("refuses a key that the token brings along", async () => {
    const mine = await generateSigningKey();
    const token = await (await createSigner(mine)).sign("at+jwt", claims());
    const [, payload, signature] = token.split(".");
    const header = encode({ alg: "EdDSA", typ: "at+jwt", jwk: publicKeySet([mine]).keys[0] });
    for (const forged of [token, `${header}.${payload}.${signature}`])
      expect(await outcome(forged)).toMatchObject({ status: 401, data: null });
  });

  it.each([
    ["another issuer", { iss: "https://evil.test" }, "TOKEN_INVALID"],
    ["the issuer with a slash", { iss: `${ISSUER}/` }, "TOKEN_INVALID"],
    ["another audience", { aud: "https://other.test" }, "TOKEN_INVALID"],
    ["no audience", { aud: undefined }, "TOKEN_INVALID"],
    ["no expiry", { exp: undefined }, "TOKEN_INVALID"],
    ["a huge expiry", { exp: 1e308 }, "TOKEN_INVALID"],
    ["an expiry in words", { exp: "tomorrow" }, "TOKEN_INVALID"],
    ["no party", { party: undefined }, "TOKEN_INVALID"],
    ["an unknown party", { party: "admin" }, "TOKEN_INVALID"],
    ["a party from the prototype", { party: "__proto__" }, "TOKEN_INVALID"],
    [
      "an unknown authorization detail",
      { authorization_details: [{ type: "payment_initiation" }] },
      "TOKEN_INVALID",
    ],
    [
      "an unknown member of a detail",
      {
        authorization_details: [{ type: "merchant_credit_profile", purposes: [], datatypes: [], all: true }],
      },
      "TOKEN_INVALID",
    ],
  ])("refuses %s", async (_what, over, code) => {
    expect(await outcome(await signed(over))).toMatchObject({ status: 401, code, data: null });
  });

  it("refuses an expired token and says that it expired", async () => {
    const { status, code, challenge } = await outcome(await signed({ iat: iat() - 700, exp: iat() - 100 }));
    expect({ status, code }).toEqual({ status: 401, code: "TOKEN_EXPIRED" });
    expect(challenge).toContain('error="invalid_token"');
  });

  it("refuses tokens of another kind, signed by the same keys", async () => {
    for (const typ of ["JWT", "permit+jwt", "consent+jwt", "dpop+jwt", "id+jwt"])
      expect(await outcome(await signed({}, typ))).toMatchObject({ status: 401, data: null });
  });

  it("refuses no token, a token in the wrong scheme, and says how to authenticate", async () => {
    const none = await bureau.graphql(undefined, PROFILE, { id: ALICE });
    expect(none.status).toBe(401);
    expect(none.errors[0]?.extensions["code"]).toBe("UNAUTHENTICATED");
    expect(none.headers["www-authenticate"]).toMatch(
      /^DPoP realm="xinqiao", algs="[^"]+", Bearer realm="xinqiao"$/,
    );
  });

  it("opens nothing for a token without the scope, or without the details", async () => {
    const noScope = await bureau.graphql(await signed({ scope: "" }), PROFILE, { id: ALICE });
    expect(noScope.errors[0]?.extensions["code"]).toBe("INSUFFICIENT_SCOPE");
    expect(noScope.data.merchant).toBeNull();
    const noDetails = await bureau.graphql(await signed({ authorization_details: undefined }), PROFILE, {
      id: ALICE,
    });
    expect(noDetails.errors[0]?.extensions["code"]).toBe("SCOPE_NOT_AUTHORIZED");
    expect(noDetails.data.merchant).toBeNull();
  });

  it("never repeats a token in an error", async () => {
    const token = await signed({ iss: "https://evil.test" });
    const reply = await bureau.graphql(token, PROFILE, { id: ALICE });
    expect(JSON.stringify(reply)).not.toContain(token.slice(0, 40));
  });
});
