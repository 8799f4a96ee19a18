import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { lintEd25519 } from "../../foundation/tokens/keys/curves.js";
import {
  fitsAddress,
  fitsMethod,
  fitsOwnLimits,
  fitsTime,
  fitsToken,
  hasId,
} from "../../gateway/authenticate/proof-rules.js";
import { ProofNonces } from "../../gateway/authenticate/proof-nonces.js";
import { requireScheme } from "../../gateway/authenticate/require-scheme.js";
import { requireKnownMembers, requireType } from "../../foundation/tokens/text-rules.js";
import { ALICE, grant } from "../support/actors.js";
import { craft, signerOf } from "../support/craft-token.js";
import { DOOR_PATH } from "../support/doors.js";
import { craftProof, knock, type KnockOutcome, type ProofRecipe } from "../support/proof-door.js";
import { makeProofKey, PUBLIC_URL } from "../support/proofs.js";
import { openTokenDoor, REFUSED, RELEASED, type TokenDoor } from "../support/token-door.js";
import { withoutRules } from "../support/without-rule.js";

// Each rule works, and can be switched off: an attack that it refuses must succeed without it.
vi.mock("../../foundation/tokens/keys/curves.js", { spy: true });
vi.mock("../../foundation/tokens/text-rules.js", { spy: true });
vi.mock("../../gateway/authenticate/proof-rules.js", { spy: true });
vi.mock("../../gateway/authenticate/require-scheme.js", { spy: true });

let door: TokenDoor;
let token: string;
let nonce: string | undefined;

beforeAll(async () => {
  door = await openTokenDoor();
});
beforeEach(async () => {
  await grant(door.bureau, ALICE);
  token = door.token();
  nonce = (await present(proof({ nonce: undefined }))).nonce;
});
afterAll(async () => door.bureau.close());

const now = () => door.bureau.clock.now();
const seconds = () => Math.floor(now().getTime() / 1_000);
const proof = (over: Partial<ProofRecipe> = {}) =>
  craftProof({ key: door.bureau.proofKey, token, now: now(), nonce, ...over });
const present = (dpop: string, scheme = "DPoP", of = token): Promise<KnockOutcome> =>
  knock(door.bureau.gateway, { headers: { authorization: `${scheme} ${of}`, dpop } });

describe("T1: a proof", () => {
  it("that is fresh and fits opens the door, whatever the case of its scheme", async () => {
    for (const scheme of ["DPoP", "dpop", "DPOP"])
      expect(await present(proof(), scheme)).toMatchObject(RELEASED);
  });

  it("is refused the second time", async () => {
    const once = proof();
    expect(await present(once)).toMatchObject(RELEASED);
    const again = await present(once);
    expect(again).toMatchObject({ ...REFUSED, code: "DPOP_PROOF_REPLAYED" });
    expect(again.challenge).toMatch(/^DPoP .*error="invalid_dpop_proof".*algs="[^"]*ES256[^"]*"/);
    const forgetful = vi.spyOn(ProofNonces.prototype, "claim").mockReturnValue("fresh");
    expect(await present(once)).toMatchObject(RELEASED);
    forgetful.mockRestore();
  });

  it("is refused the second time in its other spelling too: the twin signature n - s", async () => {
    const key = await makeProofKey("ES256");
    token = door.token({ cnf: { jkt: key.jkt } });
    const once = proof({ key });
    const [head, body, signature = ""] = once.split(".");
    const bytes = Buffer.from(signature, "base64url");
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const twin = (order - BigInt(`0x${bytes.toString("hex", 32)}`)).toString(16).padStart(64, "0");
    const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(twin, "hex")]).toString("base64url");
    expect(await present(once)).toMatchObject(RELEASED);
    expect(await present(`${head}.${body}.${other}`)).toMatchObject({
      ...REFUSED,
      code: "DPOP_PROOF_REPLAYED",
    });
  });

  it("with the id of another key's proof is a proof of its own", async () => {
    const key = await makeProofKey();
    const jti = crypto.randomUUID();
    expect(await present(proof({ claims: { jti } }))).toMatchObject(RELEASED);
    token = door.token({ cnf: { jkt: key.jkt } });
    expect(await present(proof({ key, claims: { jti } }))).toMatchObject(RELEASED);
  });

  const wrong: readonly (readonly [string, () => Record<string, unknown>, (typeof fitsTime)[]])[] = [
    ["another address", () => ({ htu: `${PUBLIC_URL}/feeds/order` }), [fitsAddress]],
    ["another host", () => ({ htu: `https://evil.test${DOOR_PATH}` }), [fitsAddress]],
    ["another scheme", () => ({ htu: `${PUBLIC_URL.replace("https", "http")}${DOOR_PATH}` }), [fitsAddress]],
    ["another port", () => ({ htu: `${PUBLIC_URL}:8443${DOOR_PATH}` }), [fitsAddress]],
    ["user information", () => ({ htu: `${PUBLIC_URL.replace("//", "//x@")}${DOOR_PATH}` }), [fitsAddress]],
    [
      "an address in another case",
      () => ({ htu: PUBLIC_URL + DOOR_PATH.replace("graphql", "GraphQL") }),
      [fitsAddress],
    ],
    ["an address with a slash more", () => ({ htu: `${PUBLIC_URL}${DOOR_PATH}/` }), [fitsAddress]],
    ["a list of addresses", () => ({ htu: [PUBLIC_URL + DOOR_PATH] }), [fitsAddress]],
    ["no address", () => ({ htu: undefined }), [fitsAddress]],
    ["another method", () => ({ htm: "GET" }), [fitsMethod]],
    ["the method in lower case", () => ({ htm: "post" }), [fitsMethod]],
    ["no method", () => ({ htm: undefined }), [fitsMethod]],
    ["no ath", () => ({ ath: undefined }), [fitsToken]],
    ["the ath of another token", () => ({ ath: "A".repeat(43) }), [fitsToken]],
    ["the token itself as ath", () => ({ ath: token }), [fitsToken]],
    ["iat 61 s past", () => ({ iat: seconds() - 61 }), [fitsTime]],
    ["iat 61 s ahead", () => ({ iat: seconds() + 61 }), [fitsTime]],
    ["iat 20 s ahead", () => ({ iat: seconds() + 20 }), [fitsTime]],
    ["iat in milliseconds", () => ({ iat: seconds() * 1_000 }), [fitsTime]],
    ["iat as text", () => ({ iat: String(seconds()) }), [fitsTime]],
    ["no iat", () => ({ iat: undefined }), [fitsTime]],
    ["exp past", () => ({ exp: seconds() - 61 }), [fitsOwnLimits]],
    ["nbf ahead", () => ({ nbf: seconds() + 61 }), [fitsOwnLimits]],
    ["no jti", () => ({ jti: undefined }), [hasId]],
    ["an empty jti", () => ({ jti: "" }), [hasId]],
    ["a jti of 129 characters", () => ({ jti: "j".repeat(129) }), [hasId]],
    ["a jti that is no text", () => ({ jti: 7 }), [hasId]],
  ];
  it.each(wrong)("with %s is refused", async (_what, claims, rules) => {
    const attack = proof({ claims: claims() });
    const refused = await present(attack);
    expect(refused).toMatchObject({ ...REFUSED, code: "DPOP_PROOF_INVALID" });
    expect(refused.challenge).toContain('error="invalid_dpop_proof"');
    expect(await withoutRules(rules, () => present(attack))).toMatchObject(RELEASED);
  });

  it("with iat 45 s past, 1 s ahead, or an address spelt otherwise is fresh", async () => {
    for (const claims of [
      { iat: seconds() - 45 },
      { iat: seconds() + 1 },
      { htu: `${PUBLIC_URL.toUpperCase().replace("HTTPS", "https")}:443${DOOR_PATH.replace("g", "%67")}` },
      { htu: `${PUBLIC_URL}/x/..${DOOR_PATH}?query=ignored#fragment` },
    ])
      expect(await present(proof({ claims }))).toMatchObject(RELEASED);
  });
});

describe("T1: a proof whose text or key is wrong", () => {
  const headers: readonly (readonly [string, () => Record<string, unknown>])[] = [
    ["of another kind", () => ({ typ: "JWT" })],
    ["with its kind in upper case", () => ({ typ: "DPOP+JWT" })],
    ["without a key", () => ({ jwk: undefined })],
    ["with its private key", () => ({ jwk: door.bureau.proofKey.privateKey })],
    ["with a key id instead of a key", () => ({ jwk: undefined, kid: "kid" })],
    ["with the address of a key", () => ({ jku: "http://127.0.0.1/jwks.json" })],
    ["with a certificate in its key", () => ({ jwk: { ...publicJwk(), x5c: ["AAAA"] } })],
    ["with a secret as its key", () => ({ alg: "HS256", jwk: { kty: "oct", k: "AAAA" } })],
    ["with alg none", () => ({ alg: "none" })],
    ["with RS256", () => ({ alg: "RS256" })],
    ["critical of something", () => ({ crit: ["exp"] })],
  ];
  it.each(headers)("%s is refused", async (_what, header) => {
    const refused = await present(proof({ header: header() }));
    expect(refused).toMatchObject({ ...REFUSED, code: "DPOP_PROOF_INVALID" });
  });

  it("would be taken without the rules on kinds and members", async () => {
    const otherKind = proof({ header: { typ: "JWT" } });
    expect(await withoutRules([requireType], () => present(otherKind))).toMatchObject(RELEASED);
    const pointing = proof({ header: { jku: "http://127.0.0.1/jwks.json" } });
    expect(await withoutRules([requireKnownMembers], () => present(pointing))).toMatchObject(RELEASED);
  });

  it("by a key of small order is refused, for anyone could make it", async () => {
    const x = Buffer.from([1, ...Array<number>(31).fill(0)]).toString("base64url");
    const jwk = { kty: "OKP", crv: "Ed25519", x };
    const jkt = createHash("sha256")
      .update(JSON.stringify({ crv: "Ed25519", kty: "OKP", x }))
      .digest("base64url");
    token = door.token({ cnf: { jkt } });
    const honest = JSON.parse(Buffer.from(String(proof().split(".")[1]), "base64url").toString()) as object;
    const attack = craft({ header: { alg: "EdDSA", typ: "dpop+jwt", jwk }, payload: honest }, () =>
      Buffer.from([1, ...Array<number>(63).fill(0)]),
    );
    expect(await present(attack)).toMatchObject({ ...REFUSED, code: "DPOP_PROOF_INVALID" });
    expect(await withoutRules([lintEd25519], () => present(attack))).toMatchObject(RELEASED);
  });

  it("by a stranger's key is a mismatch, and so is a stranger's signature under the right key", async () => {
    const stranger = await makeProofKey();
    expect(await present(proof({ key: stranger }))).toMatchObject({
      ...REFUSED,
      code: "TOKEN_BINDING_MISMATCH",
    });
    const forged = craft(
      { header: { alg: "EdDSA", typ: "dpop+jwt", jwk: publicJwk() }, payload: { jti: "x" } },
      signerOf(stranger.privateKey),
    );
    expect(await present(forged)).toMatchObject({ ...REFUSED, code: "DPOP_PROOF_INVALID" });
  });
});

function publicJwk(): object {
  const { kty, crv, x } = door.bureau.proofKey.privateKey;
  return { kty, crv, x };
}

describe("T1: a token in the wrong scheme", () => {
  it("is refused when it is bound and comes as Bearer, with or without a proof", async () => {
    const bare = await knock(door.bureau.gateway, { headers: { authorization: `Bearer ${token}` } });
    expect(bare).toMatchObject({ ...REFUSED, code: "TOKEN_BINDING_MISMATCH" });
    expect(bare.challenge).toMatch(/^DPoP .*error="invalid_token"/);
    const attack = proof();
    expect(await present(attack, "Bearer")).toMatchObject({ ...REFUSED, code: "TOKEN_BINDING_MISMATCH" });
    expect(await withoutRules([requireScheme], () => present(attack, "Bearer"))).toMatchObject(RELEASED);
  });

  it("is refused when it is not bound, and a bank's must be", async () => {
    const unbound = door.token({ cnf: undefined });
    const headers = { authorization: `Bearer ${unbound}` };
    const refused = await knock(door.bureau.gateway, { headers });
    expect(refused).toMatchObject({ ...REFUSED, code: "TOKEN_NOT_BOUND" });
    expect(refused.challenge).toMatch(/^DPoP .*error="invalid_token"/);
    const bearer = () => knock(door.bureau.gateway, { headers });
    expect(await withoutRules([requireScheme], bearer)).toMatchObject(RELEASED);
    const merchant = await door.bureau.token({ party: "merchant", id: ALICE });
    const asDpop = await present(proof({ token: merchant }), "DPoP", merchant);
    expect(asDpop).toMatchObject({ ...REFUSED, code: "TOKEN_BINDING_MISMATCH" });
  });

  it("is refused when its binding cannot be understood", async () => {
    const { jkt } = door.bureau.proofKey;
    for (const cnf of [
      {},
      { jkt: "short" },
      { kid: "x" },
      { jkt, "x5t#S256": jkt },
      { jwk: publicJwk() },
      "x",
      null,
    ]) {
      token = door.token({ cnf });
      expect(await present(proof())).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    }
  });

  it("is refused without a proof, with two, and with two tokens or a token in the address", async () => {
    const { gateway } = door.bureau;
    const authorization = `DPoP ${token}`;
    for (const [headers, code] of [
      [{ authorization }, "DPOP_PROOF_INVALID"],
      [{ authorization, dpop: "" }, "DPOP_PROOF_INVALID"],
      [{ authorization, dpop: `${proof()}, ${proof()}` }, "DPOP_PROOF_INVALID"],
      [{ authorization: `${authorization}, ${authorization}`, dpop: proof() }, "UNAUTHENTICATED"],
      [{ authorization: "DPoP", dpop: proof() }, "UNAUTHENTICATED"],
      [{ dpop: proof() }, "UNAUTHENTICATED"],
    ] as const)
      expect(await knock(gateway, { headers })).toMatchObject({ ...REFUSED, code });
    const path = `/graphql?access_token=${token}`;
    expect(await knock(gateway, { headers: { authorization, dpop: proof() }, path })).toMatchObject({
      ...REFUSED,
      code: "UNAUTHENTICATED",
    });
  });
});

describe("T1: a gateway without Redis", () => {
  it("wants its nonce, gives it, and takes no other", async () => {
    for (const other of [undefined, "", "stale", `${nonce}x`, "shared"]) {
      const refused = await present(proof({ nonce: other }));
      expect(refused).toMatchObject({ ...REFUSED, code: "DPOP_NONCE_REQUIRED" });
      expect(refused.challenge).toMatch(/^DPoP .*error="use_dpop_nonce"/);
      expect(await present(proof({ nonce: refused.nonce }))).toMatchObject(RELEASED);
    }
    expect(await present(proof({ claims: { nonce: 1 } }))).toMatchObject({
      ...REFUSED,
      code: "DPOP_PROOF_INVALID",
    });
  });
});
