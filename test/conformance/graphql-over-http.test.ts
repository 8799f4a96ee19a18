import { readFileSync } from "node:fs";
import { type AuditFail, type AuditResult, auditServer } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

/** What we decline, each justified in docs/graphql-over-http.md: whoever adds one here must say there why. */
const DECLINED = ["5A70", "6A70", "D6D5"];
/** Audits that ask `__type` of whoever comes. */
const NEED_INTROSPECTION = ["28B9", "2EA1", "BF61"];

const page = readFileSync(new URL("../../docs/graphql-over-http.md", import.meta.url), "utf8");

interface House {
  readonly bureau: TestBureau;
  readonly url: string;
  readonly token: string;
}

async function open(introspection: boolean): Promise<House> {
  const bureau = await startTestBureau({ introspection });
  await publishTwoMerchants(bureau);
  const address = await bureau.gateway.app.listen({ host: "127.0.0.1", port: 0 });
  const token = await bureau.token({ party: "merchant", id: ALICE });
  return { bureau, url: `${address}/graphql`, token };
}

function audit({ url, token }: House): Promise<readonly AuditResult[]> {
  const withToken: typeof fetch = (input, init = {}) => {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` };
    return fetch(input, { ...init, headers });
  };
  return auditServer({ url, fetchFn: withToken });
}

function failures(results: readonly AuditResult[], status: AuditFail["status"]): readonly string[] {
  const failed = results.flatMap((result) => (result.status === status ? [result] : []));
  return failed.map(({ id, name, reason }) => `${id} ${name}: ${reason}`).sort();
}

const idsOf = (texts: readonly string[]): readonly string[] => texts.map((text) => text.slice(0, 4));

let house: House;
let results: readonly AuditResult[];

beforeAll(async () => {
  house = await open(true);
  results = await audit(house);
}, 60_000);
afterAll(async () => house.bureau.close());

describe("GraphQL over HTTP, as graphql-http audits it", () => {
  it("is audited whole", () => {
    expect(results.length).toBeGreaterThanOrEqual(60);
    expect(results.filter(({ status }) => status === "ok").length).toBe(results.length - DECLINED.length);
  });

  it("has no error and no warning", () => {
    expect(failures(results, "error")).toEqual([]);
    expect(failures(results, "warn")).toEqual([]);
  });

  it("has three notices, by decision, each with its reason in the docs", () => {
    expect(idsOf(failures(results, "notice"))).toEqual(DECLINED);
    for (const id of DECLINED) expect(page, id).toContain(`| ${id} |`);
  });

  it("with introspection closed fails those audits that need it, and no other", async () => {
    const closed = await open(false);
    const closedResults = await audit(closed);
    await closed.bureau.close();
    const failed = [...failures(closedResults, "error"), ...failures(closedResults, "warn")];
    expect(idsOf(failed).toSorted()).toEqual(NEED_INTROSPECTION);
    for (const id of NEED_INTROSPECTION) expect(page, id).toContain(id);
  });
});

const LEGACY = "application/json";
const RESPONSE = "application/graphql-response+json";

interface Asking {
  readonly body: string;
  readonly accept?: string;
  readonly token?: string;
}

async function ask({ body, accept, token = house.token }: Asking) {
  const reply = await house.bureau.gateway.app.inject({
    method: "POST",
    url: "/graphql",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
      ...(accept === undefined ? {} : { accept }),
    },
    payload: body,
  });
  const type = String(reply.headers["content-type"]).split(";")[0];
  return [reply.statusCode, type, reply.json().errors?.[0].extensions.code as string | undefined] as const;
}

const operation = (query: string, variables?: object): string => JSON.stringify({ query, variables });

describe("a refusal", () => {
  it.each([
    ["a document that cannot be read", operation("{"), "GRAPHQL_PARSE_FAILED"],
    ["a document that is not valid", operation("{ nobody }"), "GRAPHQL_VALIDATION_FAILED"],
    [
      "variables that do not fit",
      operation("query($n: Int!) { __typename @skip(if: true) inquiries(first: $n) { nodes { id } } }", {
        n: "x",
      }),
      "BAD_USER_INPUT",
    ],
  ])("of %s is 200 only for a client that names application/json", async (_what, body, code) => {
    expect(await ask({ body, accept: RESPONSE })).toEqual([400, RESPONSE, code]);
    expect(await ask({ body, accept: LEGACY })).toEqual([200, LEGACY, code]);
    expect(await ask({ body, accept: "*/*" })).toEqual([400, LEGACY, code]);
    expect(await ask({ body })).toEqual([400, LEGACY, code]);
  });

  it.each([
    [
      "a deep operation",
      operation(`{ ${"a { ".repeat(40)} b ${"}".repeat(40)} }`),
      400,
      "OPERATION_TOO_DEEP",
    ],
    [
      "a costly operation",
      operation("{ inquiries(first: 2147483647) { nodes { id } } }"),
      400,
      "OPERATION_TOO_COSTLY",
    ],
    ["a batch", "[]", 405, "OPERATION_NOT_ALLOWED"],
    ["a large body", operation("{ me { id } }", { x: "y".repeat(200_000) }), 413, "PAYLOAD_TOO_LARGE"],
    ["a body that is no JSON", "{", 400, "BAD_REQUEST"],
  ])("of %s keeps its status whatever is asked for", async (_what, body, status, code) => {
    expect(await ask({ body, accept: RESPONSE })).toEqual([status, RESPONSE, code]);
    expect(await ask({ body, accept: LEGACY })).toEqual([status, LEGACY, code]);
    expect(await ask({ body })).toEqual([status, LEGACY, code]);
  });

  it("of a stranger keeps its status too", async () => {
    const body = operation("{ me { id } }");
    expect(await ask({ body, accept: LEGACY, token: "x" })).toEqual([401, LEGACY, "TOKEN_INVALID"]);
    expect(await ask({ body, accept: RESPONSE, token: "x" })).toEqual([401, RESPONSE, "TOKEN_INVALID"]);
  });
});
