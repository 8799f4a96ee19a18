import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, bankToken, grant, publishTwoMerchants } from "../support/actors.js";
import { ask, startTestBureau, type TestBureau } from "../support/bureau.js";
import { wayIn } from "../support/doors.js";

/** What answers here is as an operator runs it; its twin is the same house with introspection open. */
let closed: TestBureau;
let open: TestBureau;
let token: string;
let openToken: string;
/** A merchant's token needs no proof with each request, so its requests can be written by hand. */
let bearer: string;

beforeAll(async () => {
  const leaky = { message: "select * from secret_table", stack: "at /srv/app/resolver.ts:1" };
  closed = await startTestBureau({
    seams: {
      subgraph: (subgraph) =>
        subgraph.name === "signals"
          ? {
              ...subgraph,
              execute: async () => ({
                errors: [
                  { message: leaky.message, extensions: { code: "PG_42P01", exception: leaky, ...leaky } },
                ],
              }),
            }
          : subgraph,
    },
  });
  open = await startTestBureau({ introspection: true });
  for (const bureau of [closed, open]) await publishTwoMerchants(bureau);
  await grant(closed, ALICE);
  token = await bankToken(closed);
  openToken = await bankToken(open);
  bearer = await closed.token({ party: "merchant", id: ALICE });
}, 120_000);
afterAll(async () => Promise.all([closed.close(), open.close()]));

const merchant = (selection: string): string =>
  `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { ${selection} } }`;

const INTROSPECTIONS = [
  "{ __schema { types { name } } }",
  '{ __type(name: "Merchant") { fields { name } } }',
  "{ ...F } fragment F on Query { __schema { queryType { name } } }",
  "query($yes: Boolean = true) { a: __schema @include(if: $yes) { directives { name } } }",
];

/** Guesses, some right but for their form: what the schema holds must not show in the refusal. */
const GUESSES = [
  merchant("identiti { legalName }"),
  merchant("identity"),
  merchant("id { x }"),
  merchant("identity { legalNam usc }"),
  merchant("transactions(windw: { months: 3 }) { orderCount { value } }"),
  merchant("... on Merchnt { id }"),
  "{ merchnt { id } }",
  "{ merchant { id } }",
  '{ merchant(id: "x", purpose: PRE_LOAN, reference: "C") { id } }',
  "{ merchant(id: 1, purpose: PRE_LOAN_ASSESSMENT, reference: 2) { id } }",
  "query($x: Purpos!) { me { id @skip(if: $x) } }",
  "{ me { id @includ(if: true) } }",
  "{ a b c d e }",
];

describe("what the schema holds", () => {
  it.each(INTROSPECTIONS)("Q1: is not told to %s", async (query) => {
    const reply = await closed.graphql(token, query);
    expect(reply.status).toBe(400);
    expect(reply.data).toBeUndefined();
    expect(reply.errors).toEqual([
      { message: "The operation is not valid here.", extensions: { code: "GRAPHQL_VALIDATION_FAILED" } },
    ]);
  });

  it("Q1: is not told by refusals, which are one and the same for every guess", async () => {
    const bodies = new Set<string>();
    for (const query of GUESSES) {
      const reply = await closed.gateway.app.inject({
        method: "POST",
        url: "/graphql",
        headers: { "content-type": "application/json", authorization: `Bearer ${bearer}` },
        payload: JSON.stringify({ query }),
      });
      expect(reply.statusCode, query).toBe(400);
      bodies.add(reply.body);
    }
    expect(bodies.size).toBe(1);
  });

  it("Q1 twin: is told to the same guesses where introspection is open", async () => {
    for (const query of INTROSPECTIONS) expect((await open.graphql(openToken, query)).errors).toEqual([]);
    const texts = [];
    for (const query of GUESSES) {
      const { errors } = await open.graphql(openToken, query);
      texts.push(...errors.map(({ message }) => message));
    }
    expect(new Set(texts).size).toBeGreaterThan(GUESSES.length);
    expect(texts.join("\n")).toMatch(/Query|Merchant/);
  });

  it.each([
    [{ id: ALICE, purpose: "PRE_LOAN_ASSESMENT", reference: "C" }, "Did you mean"],
    [{ id: ALICE, purpos: "PRE_LOAN_ASSESSMENT", reference: "C" }, "Purpose"],
    [{ id: { deep: true }, purpose: "PRE_LOAN_ASSESSMENT", reference: [] }, "got invalid value"],
  ])("Q1: is not told by variables that do not fit: %j", async (inquiry, tell) => {
    const query = "query($inquiries: [InquiryInput!]!) { merchants(inquiries: $inquiries) { id } }";
    const reply = await closed.graphql(token, query, { inquiries: [inquiry] });
    expect(reply.status).toBe(400);
    expect(reply.errors).toEqual([
      {
        message: "An argument is not valid.",
        extensions: {
          code: "BAD_USER_INPUT",
          argument: "variables",
          problem: "these variables do not fit: $inquiries",
        },
      },
    ]);
    // The twin: open introspection explains the same refusal.
    const twin = await open.graphql(openToken, query, { inquiries: [inquiry] });
    expect(twin.errors[0]?.extensions["problem"]).toContain(tell);
  });

  it("Q1: is told to nobody without a token, whether the guess is right or wrong", async () => {
    const bodies = new Set<string>();
    for (const query of [...GUESSES, ...INTROSPECTIONS, merchant("id identity { legalName }")]) {
      const reply = await ask(closed.gateway, undefined, { query });
      expect(reply.status).toBe(401);
      bodies.add(JSON.stringify([reply.errors, reply.data, reply.extensions]));
    }
    expect(bodies.size).toBe(1);
  });
});

describe("what runs behind", () => {
  it("Q1: shows no stack, no statement and no path when something breaks", async () => {
    const reply = await closed.graphql(token, merchant("id reviews { reviewCount { value } }"));
    expect(reply.errors.length).toBeGreaterThan(0);
    expect(JSON.stringify(reply)).not.toMatch(/select|secret_table|resolver\.ts|stack|exception|PG_42P01/);
  });

  it.each([
    ["apollo-federation-include-trace", "ftv1"],
    ["apollo-query-plan-experimental", "1"],
    ["apollo-expose-query-plan", "true"],
    ["x-apollo-tracing", "1"],
  ])("Q1: traces and plans nothing for %s: %s", async (name, value) => {
    const way = wayIn(closed.gateway, { query: "{ me { id identity { legalName } } }" });
    const reply = await closed.gateway.app.inject({
      method: "POST",
      url: way.path,
      headers: { "content-type": "application/json", authorization: `Bearer ${bearer}`, [name]: value },
      payload: JSON.stringify(way.body),
    });
    expect(Object.keys(reply.json().extensions).sort()).toEqual(["cost", "inquiries"]);
    expect(reply.body).not.toMatch(/ftv1|tracing|queryPlan|merchants\.invalid/);
  });

  it.each(["/graphql", "/", "/graphiql", "/playground", "/altair", "/voyager", "/sandbox"])(
    "Q1: serves no page at %s",
    async (url) => {
      const reply = await closed.gateway.app.inject({ method: "GET", url, headers: { accept: "text/html" } });
      expect([404, 405]).toContain(reply.statusCode);
      expect(reply.headers["content-type"]).toMatch(/^application\/json/);
      expect(reply.body).not.toMatch(/<html|graphiql|playground|sandbox/i);
    },
  );
});
