import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBudgets } from "../../../gateway/receive/budgets.js";
import { systemClock } from "../../../foundation/clock.js";
import { ALICE, bankToken, grant, PROFILE, publishTwoMerchants } from "../../support/actors.js";
import { AMPLE_BUDGETS } from "../../support/bureau.js";
import { craftProof } from "../../support/proof-door.js";
import { type Asking, askApolloAlone, askBy, type House, type Seen, startHouse, WAYS } from "./two-doors.js";

const REQUESTS_MAX = 3;
/** Every client is somebody else, so that only what is about budgets spends one. */
let clients = 0;
let house: House;
let narrow: House;

beforeAll(async () => {
  house = await startHouse();
  const limits = { ...AMPLE_BUDGETS, budgetRequests: REQUESTS_MAX, budgetCost: 80, operationCostMax: 50 };
  narrow = await startHouse({
    settings: { budgets: createBudgets({ redis: undefined, clock: systemClock, limits }) },
  });
  await publishTwoMerchants(house.bureau);
  await grant(house.bureau, ALICE);
}, 60_000);
afterAll(async () => {
  await house.bureau.close();
  await narrow.bureau.close();
});

const ME = { query: "query Me { me { id } }" };
const owner = (of = house, id = ALICE) => of.bureau.token({ party: "merchant", id });
const nested = (depth: number): unknown => JSON.parse(`${"[".repeat(depth)}1${"]".repeat(depth)}`);

/** The three ways see the same; what is refused is not on record. */
async function sameByEveryWay(asking: () => Promise<Asking>, of = house) {
  const seen = [];
  for (const way of WAYS) seen.push(await askBy(way, of, await asking()));
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
  expect(seen[0]?.entries).toEqual([]);
  const [first] = seen;
  return { ...first, code: first?.body.errors?.[0]?.extensions.code as string | undefined };
}

describe("one refusal of a stranger by every way in", () => {
  it("without a token", async () => {
    const seen = await sameByEveryWay(async () => ({ body: ME }));
    expect(seen).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
    expect(seen.headers?.["www-authenticate"]).toMatch(/^DPoP realm=.*Bearer realm=/);
  });

  it("with a token that is none, or another kind of scheme", async () => {
    for (const authorization of ["Bearer x", "Basic eDp5", "DPoP"]) {
      const seen = await sameByEveryWay(async () => ({ body: ME, headers: { authorization } }));
      expect(seen.status).toBe(401);
      expect(seen.headers?.["www-authenticate"]).toContain("realm");
    }
  });

  it("with a bound token and no proof, or with a proof for elsewhere", async () => {
    const token = await bankToken(house.bureau);
    const proof = (claims: object) =>
      craftProof({ key: house.bureau.proofKey, token, now: systemClock.now(), claims: { ...claims } });
    for (const [dpop, code] of [
      [undefined, "DPOP_PROOF_INVALID"],
      [proof({ htu: "https://xinqiao.test/elsewhere" }), "DPOP_PROOF_INVALID"],
    ] as const) {
      const headers = { authorization: `DPoP ${token}`, ...(dpop === undefined ? {} : { dpop }) };
      const seen = await sameByEveryWay(async () => ({ body: ME, headers }));
      expect(seen).toMatchObject({ status: 401, code });
    }
  });
});

describe("one refusal of form by every way in", () => {
  it.each([
    [
      "variables of 3,000 values",
      { variables: { x: Array.from({ length: 3_000 }, () => 1) } },
      "OPERATION_TOO_LARGE",
    ],
    ["variables 30 deep", { variables: { x: nested(30) } }, "OPERATION_TOO_DEEP"],
    ["a list of variables", { variables: [] }, "BAD_USER_INPUT"],
    ["variables as text", { variables: "{}" }, "BAD_USER_INPUT"],
    ["an operation name that is no text", { operationName: 1 }, "BAD_USER_INPUT"],
    ["extensions that are no object", { extensions: "x" }, "BAD_USER_INPUT"],
    ["an unknown member", { id: 1 }, "BAD_USER_INPUT"],
  ])("%s", async (_what, more, code) => {
    const token = await owner();
    const seen = await sameByEveryWay(async () => ({ token, body: { ...ME, ...more } }));
    expect(seen).toMatchObject({ status: 400, code });
  });

  it.each([
    ["a batch", "[]", {}, 405, "OPERATION_NOT_ALLOWED"],
    ["no JSON", "{", {}, 400, "BAD_REQUEST"],
    ["no object", "null", {}, 400, "BAD_USER_INPUT"],
    ["nothing at all", "", {}, 400, "BAD_REQUEST"],
    ["a member of the prototype", '{"__proto__":{"x":1}}', {}, 400, "BAD_REQUEST"],
    ["a body of 200 KB", JSON.stringify({ x: "y".repeat(200_000) }), {}, 413, "PAYLOAD_TOO_LARGE"],
    [
      "a form",
      "query=x",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    [
      "plain text, which no browser asks leave to send",
      "{}",
      { "content-type": "text/plain" },
      400,
      "BAD_USER_INPUT",
    ],
    ["gzip", gzipSync("{}"), { "content-encoding": "gzip" }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["an answer wanted as HTML", undefined, { accept: "text/html" }, 406, "BAD_REQUEST"],
  ] as const)("%s", async (_what, payload, headers, status, code) => {
    const token = await owner();
    const seen = await sameByEveryWay(async () => ({
      token,
      body: ME,
      headers,
      ...(payload === undefined ? {} : { payload }),
    }));
    expect(seen).toMatchObject({ status, code });
  });

  it("GET and PUT", async () => {
    const get = await sameByEveryWay(async () => ({ body: ME, method: "GET" }));
    expect(get).toMatchObject({ status: 405, code: "OPERATION_NOT_ALLOWED", headers: { allow: "POST" } });
    expect(await sameByEveryWay(async () => ({ body: ME, method: "PUT" }))).toMatchObject({ status: 404 });
  });

  it("automatic persisted queries, by Apollo itself as well", async () => {
    const persistedQuery = { version: 1, sha256Hash: "0".repeat(64) };
    const token = await owner();
    for (const body of [{ extensions: { persistedQuery } }, { ...ME, extensions: { persistedQuery } }]) {
      const seen = await sameByEveryWay(async () => ({ token, body }));
      expect(seen).toMatchObject({ status: 405, code: "OPERATION_NOT_ALLOWED" });
    }
    expect(await askApolloAlone({ extensions: { persistedQuery } })).toMatchObject({ errors: [{}] });
    expect(JSON.stringify(await askApolloAlone({ extensions: { persistedQuery } }))).not.toContain(
      "NotFound",
    );
    expect(await askApolloAlone({ query: "{ me }" })).toMatchObject({ data: { me: 1 } });
  });
});

describe("one media type by every way in", () => {
  const RESPONSE = "application/graphql-response+json";
  it.each([
    [RESPONSE, 200, RESPONSE],
    ["application/json", 200, "application/json"],
    [`application/json;q=0.5, ${RESPONSE}`, 200, RESPONSE],
    ["*/*", 200, "application/json"],
    ["application/json;profile=x", 200, "application/json"],
  ])("for %s", async (accept, status, type) => {
    const token = await owner();
    const seen = [];
    for (const way of WAYS) seen.push(await askBy(way, house, { token, body: ME, headers: { accept } }));
    expect(seen[0]).toMatchObject({ status, headers: { "content-type": `${type}; charset=utf-8` } });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it("of variables that do not fit: 200 for a client that names application/json, else 400", async () => {
    const body = {
      query: "query($n: Int!) { inquiries(first: $n) { nodes { id } } }",
      variables: { n: "x" },
    };
    const token = await owner();
    for (const [accept, status] of [
      ["application/json", 200],
      [RESPONSE, 400],
      ["*/*", 400],
    ] as const)
      expect(await sameByEveryWay(async () => ({ token, body, headers: { accept } }))).toMatchObject({
        status,
        code: "BAD_USER_INPUT",
      });
  });
});

describe("one budget by every way in", () => {
  /** The last of as many requests as it takes; each way in has a client of its own. */
  async function spent(asking: Partial<Asking>, tries: number, body: object = ME) {
    const last: Seen[] = [];
    for (const way of WAYS) {
      const id = `99990100MA${String((clients += 1)).padStart(8, "0")}`;
      const token = await owner(narrow, id);
      for (let i = 1; i < tries; i += 1) await askBy(way, narrow, { token, body, ...asking });
      const seen = await askBy(way, narrow, { token, body, ...asking });
      last.push(JSON.parse(JSON.stringify(seen).replaceAll(id, "a merchant")) as Seen);
    }
    expect(last[1]).toEqual(last[0]);
    expect(last[2]).toEqual(last[0]);
    return { ...last[0], code: last[0]?.body.errors?.[0]?.extensions.code as string | undefined };
  }

  it("of requests, also of those that are refused for their form", async () => {
    expect(await spent({}, REQUESTS_MAX)).toMatchObject({ status: 200, code: undefined });
    const over = await spent({}, REQUESTS_MAX + 1);
    expect(over).toMatchObject({ status: 429, code: "RATE_LIMITED", headers: { "retry-after": "seconds" } });
    const malformed = await spent({ payload: "[]" }, REQUESTS_MAX + 1);
    expect(malformed).toMatchObject({ status: 429, code: "RATE_LIMITED" });
  });

  it("of cost", async () => {
    const body = { query: "query($n: Int!) { inquiries(first: $n) { nodes { id } } }" };
    const asking = (n: number) => ({ ...body, variables: { n } });
    expect(await spent({}, 1, asking(5))).toMatchObject({ status: 200, code: undefined });
    const dear = await spent({}, 1, asking(60));
    expect(dear).toMatchObject({ status: 400, code: "OPERATION_TOO_COSTLY" });
    const over = await spent({}, 3, asking(25));
    expect(over).toMatchObject({ status: 429, code: "RATE_LIMITED", headers: { "retry-after": "seconds" } });
  });
});

it("answers the profile itself, so that a refusal means something", async () => {
  const token = await bankToken(house.bureau);
  for (const way of WAYS) {
    const seen = await askBy(way, house, { token, body: { query: PROFILE, variables: { id: ALICE } } });
    expect(seen.body.data.merchant.identity).toEqual({ legalName: "Alice Trading" });
  }
});
