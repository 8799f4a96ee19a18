import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSigner, generateSigningKey, sha256Base64url } from "../../foundation/tokens.js";
import { PERMIT_ISSUER } from "../../gateway/process/create-gateway.js";
import { createSubgraphServer } from "../../subgraphs/host/http.js";
import { ALICE, BOB, grant, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

let bureau: TestBureau;
let server: ReturnType<typeof createSubgraphServer>;

const entities = (...ids: string[]) =>
  JSON.stringify({
    query:
      "query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Merchant { reviews { reviewCount { value } } social { followers { value } } } } }",
    variables: { representations: ids.map((id) => ({ __typename: "Merchant", id })) },
  });

beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE);
  const signals = bureau.subgraphs.find((subgraph) => subgraph.name === "signals");
  if (signals === undefined) throw new Error("no signals subgraph");
  server = createSubgraphServer(signals);
});
afterAll(async () => {
  await server.close();
  await bureau.close();
});

async function post(body: string, permit?: string) {
  const headers = {
    "content-type": "application/json",
    ...(permit === undefined ? {} : { authorization: `Bearer ${permit}` }),
  };
  const reply = await server.inject({ method: "POST", url: "/graphql", headers, payload: body });
  return { status: reply.statusCode, json: reply.json() };
}

async function permit(
  body: string,
  over: Record<string, unknown> = {},
  typ = "permit+jwt",
  key = bureau.keys.permit,
) {
  const iat = Math.floor(bureau.clock.now().getTime() / 1000);
  const signer = await createSigner(key);
  return signer.sign(typ, {
    iss: PERMIT_ISSUER,
    aud: "signals",
    iat,
    exp: iat + 5,
    jti: crypto.randomUUID(),
    sub: "demo-bank",
    party: "bank",
    scope: "profile:read",
    body: sha256Base64url(body),
    grants: [{ inquiry: "i", merchant: ALICE, categories: ["REVIEWS"], records: [] }],
    ...over,
  });
}

describe("a subgraph asked directly over HTTP (P5)", () => {
  it("answers `_entities` under the gateway's permit, for the permitted category only", async () => {
    const body = entities(ALICE);
    const { status, json } = await post(body, await permit(body));
    expect(status).toBe(200);
    expect(json.data._entities[0].reviews.reviewCount.value).toBe(1);
    expect(json.data._entities[0].social).toBeNull();
    expect(json.errors).toMatchObject([
      { path: ["_entities", 0, "social"], extensions: { code: "PERMIT_INVALID" } },
    ]);
  });

  it("refuses `_entities` without a permit", async () => {
    const { status, json } = await post(entities(ALICE));
    expect(status).toBe(401);
    expect(json).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: "PERMIT_REQUIRED" } }],
    });
  });

  it("refuses introspection and the schema without a permit", async () => {
    for (const query of ["{ __schema { types { name } } }", "{ _service { sdl } }"]) {
      expect((await post(JSON.stringify({ query }))).status).toBe(401);
    }
  });

  it("opens nothing of a merchant that the permit does not name", async () => {
    const body = entities(ALICE, BOB);
    const { json } = await post(body, await permit(body));
    expect(json.data._entities[1]?.reviews ?? null).toBeNull();
  });

  it.each([
    ["for another subgraph", { aud: "transactions" }],
    ["that has expired", { iat: 1_700_000_000, exp: 1_700_000_005 }],
    ["that lives too long", { exp: 4_000_000_000 }],
    ["of another issuer", { iss: "someone" }],
    ["without a body hash", { body: undefined }],
    ["of an unknown party", { party: "root" }],
    ["without grants", { grants: undefined }],
  ])("refuses a permit %s", async (_what, over) => {
    const body = entities(ALICE);
    expect((await post(body, await permit(body, over))).status).toBe(401);
  });

  it("refuses a permit whose body was changed, an access token, and another key", async () => {
    const body = entities(ALICE);
    expect((await post(entities(BOB), await permit(body))).status).toBe(401);
    expect((await post(body, await permit(body, {}, "at+jwt"))).status).toBe(401);
    expect((await post(body, await permit(body, {}, "permit+jwt", await generateSigningKey()))).status).toBe(
      401,
    );
    expect((await post(body, await bureau.token({ party: "bank", id: "demo-bank" }))).status).toBe(401);
  });

  it("takes a permit for a whole portfolio over real HTTP", async () => {
    const body = entities(ALICE);
    const grants = Array.from({ length: 100 }, (_, i) => ({
      inquiry: crypto.randomUUID(),
      merchant: i === 0 ? ALICE : `91990100MA${String(i).padStart(8, "0")}`,
      categories: ["REVIEWS", "SOCIAL", "IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "LOGISTICS"],
      consent: `${crypto.randomUUID()}/1`,
      months: { from: "2025-01", until: "2026-12" },
    }));
    const address = await server.listen({ host: "127.0.0.1", port: 0 });
    const reply = await fetch(`${address}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${await permit(body, { grants })}`,
      },
      body,
    });
    expect(reply.status).toBe(200);
    expect(await reply.json()).toMatchObject({
      data: { _entities: [{ reviews: { reviewCount: { value: 1 } } }] },
    });
  });

  it("refuses `_entities` at the gateway itself", async () => {
    const reply = await bureau.graphql(
      await bureau.token({ party: "bank", id: "demo-bank" }),
      `{ _entities(representations: []) { __typename } }`,
    );
    expect(reply.status).toBe(400);
    expect(reply.data).toBeUndefined();
  });
});
