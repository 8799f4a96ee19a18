import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { requireAudience, requireClaims, requireIssuer } from "../../foundation/tokens/claim-rules.js";
import { generateSigningKey, type Key, sha256Base64url } from "../../foundation/tokens.js";
import { requireType } from "../../foundation/tokens/text-rules.js";
import { verifySignature } from "../../foundation/tokens/verify-signature.js";
import { PERMIT_ISSUER } from "../../gateway/process/create-gateway.js";
import { ALICE, grant } from "../support/actors.js";
import { AUDIENCE, ISSUER } from "../support/bureau.js";
import { craft, signerOf } from "../support/craft-token.js";
import { openTokenDoor, REFUSED, RELEASED, type TokenDoor } from "../support/token-door.js";
import { withoutRules } from "../support/without-rule.js";

// Each rule works, and can be switched off: an attack that it refuses must succeed without it.
vi.mock("../../foundation/tokens/claim-rules.js", { spy: true });
vi.mock("../../foundation/tokens/text-rules.js", { spy: true });
vi.mock("../../foundation/tokens/verify-signature.js", { spy: true });

let door: TokenDoor;

beforeAll(async () => {
  door = await openTokenDoor();
});
afterAll(async () => door.bureau.close());

const signedBy = (key: Key, header: Record<string, unknown>, payload: object) =>
  craft({ header: door.header({ alg: key.alg, kid: key.kid, ...header }), payload }, signerOf(key));

describe("T4: a token of another kind", () => {
  it.each([
    "JWT",
    "jwt",
    "id+jwt",
    "logout+jwt",
    "client-authentication+jwt",
    "oauth-authz-req+jwt",
    "token-introspection+jwt",
    "secevent+jwt",
    "dpop+jwt",
    "permit+jwt",
    "consent+jwt",
    "AT+JWT",
    "at+jwt ",
    "application/AT+jwt",
    "text/at+jwt",
    "at",
  ])("is refused though all its claims are an access token's: %s", async (typ) => {
    const token = door.token({}, { typ });
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    expect(await withoutRules([requireType], () => door.ask(token))).toMatchObject(RELEASED);
  });

  it("is refused without any kind, or with one that is no text", async () => {
    for (const typ of [undefined, null, 1, ["at+jwt"]])
      expect(await door.ask(door.token({}, { typ }))).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
  });

  it("is no stranger in its other standard spelling", async () => {
    expect(await door.ask(door.token({}, { typ: "application/at+jwt" }))).toMatchObject(RELEASED);
  });

  const iat = () => Math.floor(door.bureau.clock.now().getTime() / 1_000);
  const times = () => ({ iat: iat(), exp: iat() + 300, jti: crypto.randomUUID() });

  it("is refused as the real thing: ID token, client assertion, DPoP proof, permit, consent artefact", async () => {
    const { issuer, permit } = door.bureau.keys;
    const client = await generateSigningKey("ES256");
    const others = {
      "ID token": signedBy(
        issuer,
        { typ: "JWT" },
        { ...times(), iss: ISSUER, aud: "bank:demo-bank", sub: "x" },
      ),
      "client assertion": signedBy(
        client,
        { typ: "JWT" },
        { ...times(), iss: "bank:demo-bank", sub: "bank:demo-bank", aud: ISSUER },
      ),
      "DPoP proof": await door.bureau.proofKey.sign({
        method: "POST",
        url: `${AUDIENCE}/graphql`,
        accessToken: "",
        now: door.bureau.clock.now(),
      }),
      permit: signedBy(
        permit,
        { typ: "permit+jwt" },
        {
          ...times(),
          iss: PERMIT_ISSUER,
          aud: "transactions",
          exp: iat() + 5,
          sub: "demo-bank",
          party: "bank",
          scope: "profile:read",
          body: sha256Base64url(""),
          grants: [],
        },
      ),
      "consent artefact": await artefactOf(door),
    };
    for (const [name, token] of Object.entries(others))
      expect(await door.ask(token), name).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
  });
});

/** A signed artefact as a merchant is handed it. */
async function artefactOf({ bureau }: TokenDoor): Promise<string> {
  await grant(bureau, ALICE);
  const merchant = await bureau.token({ party: "merchant", id: ALICE });
  const reply = await bureau.graphql(merchant, "{ consents(first: 1) { nodes { artefact } } }");
  return String(reply.data.consents.nodes[0].artefact);
}

describe("T4: a token of another issuer", () => {
  it("is refused though its key has the same name", async () => {
    const stranger = { ...(await generateSigningKey()), kid: String(door.bureau.keys.issuer.kid) };
    for (const iss of [ISSUER, "https://evil.test"]) {
      const token = signedBy(stranger, {}, door.claims({ iss }));
      expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    }
    const token = signedBy(stranger, {}, door.claims());
    expect(await withoutRules([verifySignature], () => door.ask(token))).toMatchObject(RELEASED);
  });

  it.each([
    ["another host", "https://evil.test"],
    ["a slash at the end", `${ISSUER}/`],
    ["upper case", ISSUER.toUpperCase()],
    ["upper case in the host", ISSUER.replace("issuer", "Issuer")],
    ["its port in words", `${ISSUER}:443`],
    ["a Unicode twin", ISSUER.replace("issuer", "\u0456ssuer")],
    ["a full-width letter", ISSUER.replace("issuer", "\uff49ssuer")],
    ["a zero-width character", `${ISSUER}\u200b`],
    ["a line break at the end", `${ISSUER}\n`],
    ["another scheme", ISSUER.replace("https", "http")],
    ["user information", ISSUER.replace("https://", "https://x@")],
    ["a fragment", `${ISSUER}#`],
    ["a prefix", `${ISSUER}.evil.test`],
    ["a list", [ISSUER]],
    ["an object", { issuer: ISSUER }],
  ])("is refused when it differs by %s", async (_what, iss) => {
    const token = door.token({ iss });
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    expect(await withoutRules([requireIssuer], () => door.ask(token))).toMatchObject(RELEASED);
  });

  it("is refused when it differs by a NUL at the end, which no store could even hold", async () => {
    const token = door.token({ iss: `${ISSUER}\u0000` });
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
  });

  it("is refused when it names no issuer", async () => {
    const token = door.token({ iss: undefined });
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    expect(await withoutRules([requireClaims, requireIssuer], () => door.ask(token))).toMatchObject(RELEASED);
  });
});

describe("T4: a token for another audience", () => {
  it.each([
    ["another", "https://other.test"],
    ["a list with an extra one", [AUDIENCE, "https://other.test"]],
    ["a list with us last", ["https://other.test", AUDIENCE]],
    ["us twice", [AUDIENCE, AUDIENCE]],
    ["an empty list", []],
    ["a list in a list", [[AUDIENCE]]],
    ["a slash at the end", `${AUDIENCE}/`],
    ["upper case", AUDIENCE.toUpperCase()],
    ["a prefix", `${AUDIENCE}.evil.test`],
    ["an object", { 0: AUDIENCE, length: 1 }],
    ["true", true],
    ["a subgraph", "transactions"],
  ])("is refused: %s", async (_what, aud) => {
    const token = door.token({ aud });
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    expect(await withoutRules([requireAudience], () => door.ask(token))).toMatchObject(RELEASED);
  });

  it("is refused when it names none", async () => {
    for (const aud of [undefined, null])
      expect(await door.ask(door.token({ aud }))).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
  });

  it("is ours as a list of one", async () => {
    expect(await door.ask(door.token({ aud: [AUDIENCE] }))).toMatchObject(RELEASED);
  });
});
