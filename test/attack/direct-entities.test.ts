import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, BOB } from "../support/actors.js";
import { loadConfig } from "../../foundation/config.js";
import { SUBGRAPH_SETTINGS } from "../../subgraphs/config.js";
import {
  askPastTheGateway,
  BAD_PERMITS,
  type DirectSubgraph,
  entities,
  startDirectSubgraph,
} from "./scenarios/direct-subgraph.js";

let direct: DirectSubgraph;
let address: URL;

beforeAll(async () => {
  direct = await startDirectSubgraph();
  address = new URL(await direct.server.listen({ host: "127.0.0.1", port: 0 }));
});
afterAll(async () => direct.close());

/** Raw bytes on a connection, until the server ends it. */
function sendRaw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(Number(address.port), address.hostname, () => socket.end(bytes));
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}

describe("A5: a subgraph asked directly over HTTP (P5)", () => {
  it("A5 answers `_entities` under the gateway's permit, for the permitted category only", async () => {
    const body = entities(ALICE);
    const { status, json } = await direct.post(body, await direct.permit(body));
    expect(status).toBe(200);
    expect(json.data._entities[0].reviews.reviewCount.value).toBe(1);
    expect(json.data._entities[0].social).toBeNull();
    expect(json.errors).toMatchObject([
      { path: ["_entities", 0, "social"], extensions: { code: "PERMIT_INVALID" } },
    ]);
  });

  it("A5 gives nothing of any merchant past the gateway, in any of these ways", async () => {
    expect(await askPastTheGateway(direct)).toEqual([]);
  });

  it("A5 refuses `_entities` without a permit", async () => {
    const { status, json } = await direct.post(entities(ALICE));
    expect(status).toBe(401);
    expect(json).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: "PERMIT_REQUIRED" } }],
    });
  });

  it("A5 refuses introspection and the schema without a permit", async () => {
    for (const query of ["{ __schema { types { name } } }", "{ _service { sdl } }", "{ __typename }"]) {
      expect((await direct.post(JSON.stringify({ query }))).status).toBe(401);
    }
  });

  it.each(BAD_PERMITS)("A5 refuses a permit %s", async (_what, over) => {
    const body = entities(ALICE);
    expect((await direct.post(body, await direct.permit(body, over))).status).toBe(401);
  });

  it.each([
    ["another representation", entities(ALICE, BOB)],
    ["a blank more", `${entities(ALICE)} `],
    [
      "a second operation",
      entities(ALICE)
        .replace("query($rep", "query Q { __typename } query R($rep")
        .replace('"variables"', '"operationName":"R","variables"'),
    ],
    ["a second query member", entities(ALICE).replace("{", '{"query":"{ __typename }",')],
  ])("A5 refuses a permit whose body was given %s", async (_what, body) => {
    expect((await direct.post(body, await direct.permit(entities(ALICE)))).status).toBe(401);
  });

  it("A5 takes no permit from anywhere but the one header, and no other method or type", async () => {
    const body = entities(ALICE);
    const permit = await direct.permit(body);
    const headers = { "content-type": "application/json" };
    const inject = (options: object) =>
      direct.server.inject({ method: "POST", url: "/graphql", headers, payload: body, ...options });
    for (const options of [
      { url: `/graphql?access_token=${permit}` },
      { headers: { ...headers, "x-permit": permit } },
      { headers: { ...headers, authorization: `Basic ${permit}` } },
      { headers: { ...headers, authorization: `Bearer ${permit}, Bearer ${permit}` } },
      { headers: { ...headers, cookie: `permit=${permit}` } },
    ])
      expect((await inject(options)).statusCode).toBe(401);
    const authorization = `Bearer ${permit}`;
    expect((await inject({ headers: { "content-type": "text/plain", authorization } })).statusCode).toBe(415);
    const get = await direct.server.inject({
      method: "GET",
      url: "/graphql?query={__typename}",
      headers: { authorization },
    });
    expect(get.statusCode).toBe(404);
  });

  it.each([
    ["both lengths", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["two lengths", "Content-Length: 0\r\nContent-Length: 60\r\n\r\n"],
    ["a length that is none", "Content-Length: +0\r\n\r\n"],
    ["an unknown coding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
    ["a coding with a blank before the colon", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"],
    ["a header folded over two lines", "X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ])("A5 sees no second request smuggled in behind one with %s", async (_what, rest) => {
    const smuggled = `POST /graphql HTTP/1.1\r\nHost: subgraph\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    const received = await sendRaw(
      `POST /graphql HTTP/1.1\r\nHost: subgraph\r\nContent-Type: application/json\r\n${rest}${smuggled}`,
    );
    const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
    expect(statuses).toEqual(["400"]);
  });

  it("A5 listens on this machine alone unless told otherwise", () => {
    const settings = loadConfig(SUBGRAPH_SETTINGS, { environment: {}, readFile: () => "" });
    expect(settings.host).toBe("127.0.0.1");
  });

  it("A5 takes a permit for a whole portfolio over real HTTP", async () => {
    const body = entities(ALICE);
    const grants = Array.from({ length: 100 }, (_, i) => ({
      inquiry: crypto.randomUUID(),
      merchant: i === 0 ? ALICE : `91990100MA${String(i).padStart(8, "0")}`,
      categories: ["REVIEWS", "SOCIAL", "IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "LOGISTICS"],
      records: [],
      consent: `${crypto.randomUUID()}/1`,
      months: { from: "2025-01", until: "2026-12" },
    }));
    const reply = await fetch(`${address.origin}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${await direct.permit(body, { grants })}`,
      },
      body,
    });
    expect(reply.status).toBe(200);
    expect(await reply.json()).toMatchObject({
      data: { _entities: [{ reviews: { reviewCount: { value: 1 } } }] },
    });
  });

  it("A5 finds no `_entities` at the gateway itself", async () => {
    const reply = await direct.bureau.graphql(
      await direct.bureau.token({ party: "bank", id: "demo-bank" }),
      `{ _entities(representations: []) { __typename } }`,
    );
    expect(reply.status).toBe(400);
    expect(reply.data).toBeUndefined();
  });
});

describe("S2: a permit in the wrong hands", () => {
  const body = entities(ALICE);

  it("S2 opens no other subgraph than the one it was sent to", async () => {
    const permit = await direct.permit(body);
    for (const subgraph of direct.bureau.subgraphs) {
      const answer = await subgraph.execute({ permit, body });
      expect(answer.data === undefined, subgraph.name).toBe(subgraph.name !== "signals");
    }
  });

  it("S2 is worth nothing once its five seconds and the clocks' tolerance are over", async () => {
    const iat = Math.floor(direct.bureau.clock.now().getTime() / 1000);
    const kept = await direct.permit(body, { iat: iat - 13, exp: iat - 8 });
    expect((await direct.post(body, kept)).json).toMatchObject({
      errors: [{ extensions: { code: "PERMIT_INVALID" } }],
    });
  });

  it("S2 that was signed for a question does not carry a mutation", async () => {
    const consents = direct.bureau.subgraphs.find(({ name }) => name === "consents");
    const over = { aud: "consents", sub: ALICE, party: "merchant", scope: "consents:read consents:manage" };
    const question = JSON.stringify({ query: "{ consents(first: 1) { nodes { id state } } }" });
    const permit = await direct.permit(question, over);
    const asked = await consents?.execute({ permit, body: question });
    const nodes = (asked?.data?.["consents"] as { nodes: { id: string; state: string }[] } | undefined)
      ?.nodes;
    expect(nodes).toMatchObject([{ state: "ACTIVE" }]);
    const mutation = JSON.stringify({
      query: "mutation($input: ConsentIdInput!) { revokeConsent(input: $input) { id } }",
      variables: { input: { consentId: nodes?.[0]?.id } },
    });
    expect(await consents?.execute({ permit, body: mutation })).toMatchObject({
      errors: [{ extensions: { code: "PERMIT_INVALID" } }],
    });
    expect(await consents?.execute({ permit, body: question })).toEqual(asked);
  });

  it("S2 says nothing to the gateway: it is no access token", async () => {
    const permit = await direct.permit(body, { scope: "profile:read", client_id: "demo-bank" });
    const reply = await direct.bureau.graphql(
      permit,
      `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { id } }`,
    );
    expect(reply.status).toBe(401);
  });
});
