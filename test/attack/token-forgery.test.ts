import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, MARKETPLACE, PROFILE } from "../support/actors.js";
import { wayIn } from "../support/doors.js";
import { craftProof } from "../support/proof-door.js";
import { PUBLIC_URL } from "../support/proofs.js";
import { openTokenDoor, REFUSED, RELEASED, type TokenDoor } from "../support/token-door.js";

let door: TokenDoor;

beforeAll(async () => {
  door = await openTokenDoor();
});
afterAll(async () => door.bureau.close());

describe("an honest token that says what no token may", () => {
  it("lets the honest token through, so that the refusals below mean something", async () => {
    expect(await door.ask(door.token())).toMatchObject(RELEASED);
  });

  const details = (detail: object) => ({ authorization_details: [detail] });
  const profile = { type: "merchant_credit_profile", purposes: [], datatypes: [] };
  it.each<[string, Record<string, unknown>]>([
    ["no party", { party: undefined }],
    ["an unknown party", { party: "admin" }],
    ["a party from the prototype", { party: "__proto__" }],
    ["a list of parties", { party: ["bank"] }],
    ["no subject", { sub: undefined }],
    ["a subject with a line break", { sub: "demo\nbank" }],
    ["a subject of 129 characters", { sub: "x".repeat(129) }],
    ["no client", { client_id: undefined }],
    ["scopes as a list", { scope: ["profile:read"] }],
    ["a token id with a space", { jti: "a b" }],
    ["a grant that is no text", { grant_id: 1 }],
    ["an unknown authorization detail", details({ type: "payment_initiation" })],
    ["an unknown member of a detail", details({ ...profile, all: true })],
    ["an unknown purpose", details({ ...profile, purposes: ["MARKETING"] })],
    ["an unknown category", details({ ...profile, datatypes: ["ALL"] })],
    ["an unknown level", details({ ...profile, privileges: ["EVERYTHING"] })],
    ["details that are no list", { authorization_details: profile }],
    ["21 details", { authorization_details: Array.from({ length: 21 }, () => profile) }],
  ])("is refused: %s", async (_what, over) => {
    expect(await door.ask(door.token(over))).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
  });

  it("opens nothing without the scope, or without the details", async () => {
    const noScope = await door.ask(door.token({ scope: "" }));
    expect(noScope).toMatchObject({ code: "INSUFFICIENT_SCOPE", merchant: null });
    const noDetails = await door.ask(door.token({ authorization_details: undefined }));
    expect(noDetails).toMatchObject({ code: "SCOPE_NOT_AUTHORIZED", merchant: null });
  });
});

describe("a request without a token", () => {
  it("is told both ways to authenticate, and nothing else", async () => {
    const none = await door.bureau.graphql(undefined, PROFILE, { id: ALICE });
    expect(none.status).toBe(401);
    expect(none.errors[0]?.extensions["code"]).toBe("UNAUTHENTICATED");
    expect(none.headers["www-authenticate"]).toMatch(
      /^DPoP realm="xinqiao", algs="[^"]+", Bearer realm="xinqiao"$/,
    );
  });

  it.each(["Basic eDp5", "Bearer", "Bearer  ", "Token abc", "abc", "DPoP", "Bearer a b", "Bearer a,b"])(
    "or with %s instead of one is told so",
    async (authorization) => {
      const { path, body } = wayIn(door.bureau.gateway, { query: PROFILE, variables: { id: ALICE } });
      const reply = await door.bureau.gateway.app.inject({
        method: "POST",
        url: path,
        headers: { "content-type": "application/json", authorization },
        payload: JSON.stringify(body),
      });
      expect(reply.statusCode).toBe(401);
      expect(reply.json().errors[0].extensions.code).toBe("UNAUTHENTICATED");
    },
  );

  it("never sees a token repeated in an error", async () => {
    const token = door.token({ iss: "https://evil.test" });
    const reply = await door.bureau.graphql(token, PROFILE, { id: ALICE });
    expect(JSON.stringify(reply)).not.toContain(token.slice(0, 40));
    expect(JSON.stringify(door.bureau.errors.map(String))).not.toContain(token.slice(0, 40));
  });
});

describe("the platforms' door", () => {
  const publish = async (headers: Record<string, string>) => {
    const reply = await door.bureau.gateway.app.inject({
      method: "POST",
      url: "/feeds/order",
      headers: { "content-type": "application/x-ndjson", "idempotency-key": crypto.randomUUID(), ...headers },
      payload: "",
    });
    return {
      status: reply.statusCode,
      code: reply.json().errors?.[0]?.extensions.code,
      headers: reply.headers,
    };
  };
  const platform = (over: Record<string, unknown> = {}) =>
    door.token({
      sub: MARKETPLACE,
      client_id: `platform:${MARKETPLACE}`,
      party: "platform",
      scope: "feeds:write",
      authorization_details: undefined,
      ...over,
    });

  it("asks a bound token for its proof, nonce and all, and takes it once", async () => {
    const token = platform();
    const now = () => door.bureau.clock.now();
    const proof = (claims: Record<string, unknown>, nonce?: string) =>
      craftProof({ key: door.bureau.proofKey, token, now: now(), nonce, claims });
    const authorization = `DPoP ${token}`;
    const here = { htu: `${PUBLIC_URL}/feeds/order` };

    const asked = await publish({ authorization, dpop: proof(here) });
    expect(asked).toMatchObject({ status: 401, code: "DPOP_NONCE_REQUIRED" });
    expect(asked.headers["www-authenticate"]).toContain('error="use_dpop_nonce"');
    const nonce = String(asked.headers["dpop-nonce"]);

    const once = proof(here, nonce);
    expect(await publish({ authorization, dpop: once })).toMatchObject({ status: 200 });
    const again = await publish({ authorization, dpop: once });
    expect(again).toMatchObject({ status: 401, code: "DPOP_PROOF_REPLAYED" });
    expect(again.headers["www-authenticate"]).toContain('error="invalid_dpop_proof"');
    const elsewhere = proof({ htu: `${PUBLIC_URL}/graphql` }, nonce);
    expect(await publish({ authorization, dpop: elsewhere })).toMatchObject({
      status: 401,
      code: "DPOP_PROOF_INVALID",
    });
    expect(await publish({ authorization: `Bearer ${token}` })).toMatchObject({
      status: 401,
      code: "TOKEN_BINDING_MISMATCH",
    });
  });

  it("takes a platform's token that is bound to nothing, as Bearer", async () => {
    const token = platform({ cnf: undefined });
    expect(await publish({ authorization: `Bearer ${token}` })).toMatchObject({ status: 200 });
  });
});
