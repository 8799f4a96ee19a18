import { buildSchema, type GraphQLSchema, parse, validate } from "graphql";
import { beforeAll, describe, expect, it } from "vitest";
import { type CostModel, readCosts } from "../../gateway/receive/cost-model.js";
import { COST_SATURATED, priceOperation } from "../../gateway/receive/price-operation.js";
import { readOperation } from "../../gateway/receive/read-operation.js";
import { readApiSchema } from "../support/api-schema.js";
import { ALICE } from "../support/actors.js";

let schema: GraphQLSchema;
let costs: CostModel;

beforeAll(async () => {
  schema = await readApiSchema();
  costs = readCosts(schema);
});

function estimateOf(query: string, variables: Readonly<Record<string, unknown>> = {}): number {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const request = { document, operationName: undefined, variables, sha256: "" };
  return priceOperation(costs, readOperation(request, { schema, explains: true })).estimated;
}

const merchant = (selection: string, alias = ""): string =>
  `${alias}merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { ${selection} }`;

describe("Q3: a way around the cost", () => {
  const one = (): number => estimateOf(`{ ${merchant("identity { legalName }")} }`);

  it("an alias weighs like a field of its own", () => {
    const two = estimateOf(`{ ${merchant("identity { legalName } again: identity { legalName }")} }`);
    // identity 5, legalName 1.
    expect(two - one()).toBe(6);
    const roots = estimateOf(`{ ${merchant("identity { legalName }")} ${merchant("id", "b: ")} }`);
    expect(roots).toBeGreaterThan(one() + 20);
  });

  it("a field that is written twice weighs once, for it is answered once", () => {
    expect(estimateOf(`{ ${merchant("identity { legalName } identity { legalName }")} }`)).toBe(one());
  });

  it("a fragment weighs at every place that spreads it", () => {
    const spread = estimateOf(
      `{ ${merchant("...F")} ${merchant("...F", "b: ")} } fragment F on Merchant { identity { legalName } }`,
    );
    expect(spread).toBe(2 * one());
  });

  it("what @include and @skip leave out weighs nothing, by the variables as they are coerced", () => {
    const query = `query($with: Boolean! = false) { ${merchant("identity { legalName } transactions @include(if: $with) { months { month } }")} }`;
    expect(estimateOf(query)).toBe(one());
    expect(estimateOf(query, { with: true })).toBeGreaterThan(one() + 20);
  });

  it("a variable, a default and a literal decide the size of a list alike", () => {
    const page = (first: string, head = ""): string =>
      `query${head} { inquiries(first: ${first}) { nodes { id } } }`;
    const literal = estimateOf(page("70"));
    expect(estimateOf(page("$n", "($n: Int!)"), { n: 70 })).toBe(literal);
    expect(estimateOf(page("$n", "($n: Int! = 70)"))).toBe(literal);
    expect(literal - estimateOf(page("20"))).toBe(50);
    expect(estimateOf("{ inquiries { nodes { id } } }")).toBe(estimateOf(page("20")));
  });

  it("a portfolio weighs as many merchants as it asks about", () => {
    const query = "query($in: [InquiryInput!]!) { merchants(inquiries: $in) { id } }";
    const inquiry = { id: ALICE, purpose: "PRE_LOAN_ASSESSMENT", reference: "C-1" };
    const of = (count: number): number =>
      estimateOf(query, { in: Array.from({ length: count }, () => inquiry) });
    expect(of(100) - of(1)).toBe(99 * 11);
    expect(of(10_000)).toBeGreaterThan(100_000);
  });

  it("a page that is absurd weighs what it asks, and one that makes no sense as a whole page", () => {
    expect(estimateOf("{ inquiries(first: 2147483647) { nodes { id rules { code } } } }")).toBe(
      COST_SATURATED,
    );
    expect(estimateOf("{ inquiries(first: -5) { nodes { id } } }")).toBe(
      estimateOf("{ inquiries(first: 100) { nodes { id } } }"),
    );
  });

  it("a window weighs its months, and the longest where its end or its form is unknown", () => {
    const of = (window: string): number =>
      estimateOf(`{ ${merchant(`transactions(currency: "CNY", ${window}) { months { month } }`)} }`);
    expect(of("window: { months: 36 }") - of("window: { months: 1 }")).toBe(35);
    expect(of('window: { from: "2024-01", until: "2026-01" }') - of("window: { months: 12 }")).toBe(12);
    for (const longest of ['{ from: "2001-01" }', "{ months: -3 }", "{ months: 2147483647 }"])
      expect(of(`window: ${longest}`) - of("window: { months: 12 }"), longest).toBe(48);
    expect(of("window: null")).toBe(of("window: { months: 12 }"));
  });

  it("lists within lists multiply", () => {
    const flat = estimateOf(`{ ${merchant("social { buyerTraits { trait } }")} }`);
    const nested = estimateOf(`{ ${merchant("social { buyerTraits { trait buckets { count } } }")} }`);
    // Each of 40 traits: the list, and 50 buckets of one value.
    expect(nested - flat).toBe(40 * 51);
  });

  it("a mutation weighs more than any value, and each of several counts", () => {
    const revoke = (alias: string): string => `${alias}: revokeConsent(input: { consentId: "c" }) { id }`;
    expect(estimateOf(`mutation { ${revoke("a")} }`)).toBe(101);
    expect(estimateOf(`mutation { ${revoke("a")} ${revoke("b")} ${revoke("c")} }`)).toBe(303);
  });

  it("an abstract type weighs as its costliest object, in lists of lists too", () => {
    const abstract = buildSchema(`
      type Query { found: [[Thing]] }
      union Thing = Light | Heavy
      type Light { a: Int }
      type Heavy { b: Int, heavies: [Heavy] }
    `);
    const model: CostModel = { weightOf: () => 1, objectWeightOf: () => 0, sizeOf: () => ({ most: 10 }) };
    const query = "{ found { ... on Light { a } ... on Heavy { b heavies { b } } } }";
    const request = { document: parse(query), operationName: undefined, variables: {}, sha256: "" };
    const operation = readOperation(request, { schema: abstract, explains: true });
    // found 1, and ten times: b 1, heavies 1, ten times b.
    expect(priceOperation(model, operation).estimated).toBe(1 + 10 * 12);
  });

  it("a subscription is not served at all", () => {
    const withSubscription = buildSchema("type Query { a: Int } type Subscription { b: Int }");
    const request = {
      document: parse("subscription { b }"),
      operationName: undefined,
      variables: {},
      sha256: "",
    };
    expect(() => readOperation(request, { schema: withSubscription, explains: true })).toThrowError(
      expect.objectContaining({ code: "OPERATION_NOT_ALLOWED" }),
    );
  });

  it("introspection weighs the same whatever it selects, alias by alias", () => {
    expect(estimateOf("{ __schema { types { name } } }")).toBe(estimateOf("{ __schema { description } }"));
    expect(estimateOf('{ a: __type(name: "A") { name } b: __type(name: "B") { name } }')).toBe(20_000);
  });

  it("costs that multiply beyond measure stop growing instead of turning round", () => {
    const query = "{ inquiries(first: 2147483647) { nodes { rules { code } } } }";
    expect(estimateOf(query)).toBe(COST_SATURATED);
  });
});
