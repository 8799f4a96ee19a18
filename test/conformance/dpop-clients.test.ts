import * as oauth from "oauth4webapi";
import * as client from "openid-client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Key, publicKeySet, thumbprintOf } from "../../foundation/tokens.js";
import { ALICE, grant, PROFILE } from "../support/actors.js";
import { AUDIENCE, ISSUER } from "../support/bureau.js";
import { craft, signerOf } from "../support/craft-token.js";
import { craftProof, knock, type ProofRecipe } from "../support/proof-door.js";
import { makeProofKey, PUBLIC_URL } from "../support/proofs.js";
import { openTokenDoor, RELEASED, type TokenDoor } from "../support/token-door.js";

const as: oauth.AuthorizationServer = { issuer: ISSUER, jwks_uri: "https://issuer.test/jwks.json" };
const ALGORITHMS = ["ES256", "ES384", "PS256", "Ed25519"] as const;
const BODY = JSON.stringify({ query: PROFILE, variables: { id: ALICE } });
const json = () => new Headers({ "content-type": "application/json" });

let door: TokenDoor;
let url: URL;

beforeAll(async () => {
  door = await openTokenDoor({ possession: { publicUrl: undefined } });
  url = new URL("/graphql", await door.bureau.gateway.app.listen({ host: "127.0.0.1", port: 0 }));
});
beforeEach(async () => {
  await grant(door.bureau, ALICE);
});
afterAll(async () => door.bureau.close());

async function boundTo(pair: oauth.CryptoKeyPair): Promise<string> {
  const jwk = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as Key;
  return door.token({ cnf: { jkt: await thumbprintOf(jwk) } });
}

async function profileOf(response: Response): Promise<unknown> {
  const { data } = (await response.json()) as { data: { merchant: unknown } };
  return { status: response.status, merchant: data.merchant };
}

describe("an independent client", () => {
  it.each(ALGORITHMS)("openid-client with a key for %s gets the profile, nonce and all", async (alg) => {
    const config = new client.Configuration({ issuer: ISSUER }, "bank:demo-bank");
    client.allowInsecureRequests(config);
    const pair = await client.randomDPoPKeyPair(alg);
    const token = await boundTo(pair);
    const DPoP = client.getDPoPHandle(config, pair);
    for (let round = 0; round < 3; round += 1) {
      const response = await client.fetchProtectedResource(config, token, url, "POST", BODY, json(), {
        DPoP,
      });
      expect(await profileOf(response)).toMatchObject(RELEASED);
    }
  });

  it.each(ALGORITHMS)(
    "oauth4webapi with a key for %s is asked for a nonce once, and then gets it",
    async (alg) => {
      const pair = await oauth.generateKeyPair(alg);
      const token = await boundTo(pair);
      const DPoP = oauth.DPoP({ client_id: "bank:demo-bank" } as oauth.Client, pair);
      const ask = () =>
        oauth.protectedResourceRequest(token, "POST", url, json(), BODY, {
          DPoP,
          [oauth.allowInsecureRequests]: true,
        });
      const challenged = await ask().catch((error: unknown) => error);
      expect(oauth.isDPoPNonceError(challenged)).toBe(true);
      expect(await profileOf(await ask())).toMatchObject(RELEASED);
      expect(await profileOf(await ask())).toMatchObject(RELEASED);
    },
  );

  it("is told in words that it understands why a bound token alone is not enough", async () => {
    const token = await boundTo(await oauth.generateKeyPair("ES256"));
    const refused = await oauth
      .protectedResourceRequest(token, "POST", url, json(), BODY, { [oauth.allowInsecureRequests]: true })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
    const [challenge] = (refused as oauth.WWWAuthenticateChallengeError).cause;
    expect(challenge).toMatchObject({ scheme: "dpop", parameters: { error: "invalid_token" } });
    expect(String(challenge?.parameters.algs).split(" ")).toContain("ES256");
  });
});

describe("an independent resource server: whatever oauth4webapi refuses, this one refuses", () => {
  /** The oracle's judgement of a token and a proof; it knows neither nonces nor replays. */
  async function isFineByOracle(token: string, proof: string, method = "POST"): Promise<boolean> {
    const request = new Request(`${PUBLIC_URL}/graphql`, {
      method,
      headers: { authorization: `DPoP ${token}`, dpop: proof },
    });
    const keys = publicKeySet([door.bureau.keys.issuer]);
    try {
      await oauth.validateJwtAccessToken(as, request, AUDIENCE, {
        requireDPoP: true,
        [oauth.customFetch]: async () => Response.json(keys),
      });
      return true;
    } catch {
      return false;
    }
  }

  let other: TokenDoor;
  beforeAll(async () => {
    other = await openTokenDoor({ keys: door.bureau.keys });
  });
  afterAll(async () => other.bureau.close());

  const seconds = () => Math.floor(Date.now() / 1_000);
  type Case = readonly [
    name: string,
    over: { claims?: object; header?: object; proof?: Partial<ProofRecipe> },
  ];
  const cases: readonly Case[] = [
    ["an honest one", {}],
    ["an audience of one in a list", { claims: { aud: [AUDIENCE] } }],
    ["the long kind", { header: { typ: "application/at+jwt" } }],
    ["another kind", { header: { typ: "JWT" } }],
    ["no kind", { header: { typ: undefined } }],
    ["an unknown key", { header: { kid: "unknown" } }],
    ["another issuer", { claims: { iss: `${ISSUER}/` } }],
    ["another audience", { claims: { aud: "https://other.test" } }],
    ["two audiences", { claims: { aud: [AUDIENCE, "https://other.test"] } }],
    ["expired", { claims: { iat: seconds() - 900, exp: seconds() - 300 } }],
    ["no exp", { claims: { exp: undefined } }],
    ["no iat", { claims: { iat: undefined } }],
    ["no jti", { claims: { jti: undefined } }],
    ["no sub", { claims: { sub: undefined } }],
    ["no client_id", { claims: { client_id: undefined } }],
    ["nbf ahead", { claims: { nbf: seconds() + 300 } }],
    ["not bound", { claims: { cnf: undefined } }],
    ["bound to another key", { claims: { cnf: { jkt: "A".repeat(43) } } }],
    ["a proof of another kind", { proof: { header: { typ: "JWT" } } }],
    ["a proof without a key", { proof: { header: { jwk: undefined } } }],
    ["a proof without jti", { proof: { claims: { jti: undefined } } }],
    ["a proof without iat", { proof: { claims: { iat: undefined } } }],
    ["a proof of five minutes ago", { proof: { claims: { iat: seconds() - 301 } } }],
    ["a proof of five minutes ahead", { proof: { claims: { iat: seconds() + 301 } } }],
    ["a proof for another method", { proof: { claims: { htm: "GET" } } }],
    ["a proof for another address", { proof: { claims: { htu: `${PUBLIC_URL}/other` } } }],
    ["a proof with a query", { proof: { claims: { htu: `${PUBLIC_URL}/graphql?a=1#b` } } }],
    ["a proof for another token", { proof: { claims: { ath: "A".repeat(43) } } }],
    ["a proof without ath", { proof: { claims: { ath: undefined } } }],
    ["a critical proof", { proof: { header: { crit: ["x"], x: 1 } } }],
  ];

  it("on each of thirty tokens and proofs, and neither refuses all", async () => {
    const { bureau } = other;
    const accepted = { oracle: 0, here: 0 };
    for (const [name, over] of cases) {
      const payload = other.claims({ ...over.claims });
      const token = craft(
        { header: other.header({ ...over.header }), payload },
        signerOf(bureau.keys.issuer),
      );
      const recipe = { key: bureau.proofKey, token, now: bureau.clock.now(), ...over.proof };
      const isFine = await isFineByOracle(token, craftProof(recipe));
      const present = (nonce?: string) =>
        knock(bureau.gateway, {
          headers: { authorization: `DPoP ${token}`, dpop: craftProof({ ...recipe, nonce }) },
        });
      const { nonce } = await present();
      const { status } = await present(nonce);
      if (!isFine) expect(status, name).toBe(401);
      accepted.oracle += isFine ? 1 : 0;
      accepted.here += status === 200 ? 1 : 0;
    }
    expect(accepted.here).toBeGreaterThanOrEqual(4);
    expect(accepted.oracle).toBeGreaterThanOrEqual(accepted.here);
    expect(cases.length - accepted.oracle).toBeGreaterThanOrEqual(20);
  });

  it("agrees on who is honest, whatever the key", async () => {
    const key = await makeProofKey("ES256");
    const token = other.token({ cnf: { jkt: key.jkt } });
    const recipe = { key, token, now: other.bureau.clock.now() };
    expect(await isFineByOracle(token, craftProof(recipe))).toBe(true);
    expect(await isFineByOracle(token, craftProof(recipe), "GET")).toBe(false);
  });
});
