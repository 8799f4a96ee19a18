import { describe, expect, it } from "vitest";
import { composeSupergraph, CompositionError } from "../../scripts/compose/compose-supergraph.js";

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@shareable", "@external", "@requires", "@policy"])';

const MERCHANTS = `${LINK}
type Query {
  merchant(id: ID!): Merchant @policy(policies: [["party:bank"]])
}
type Merchant @key(fields: "id") {
  id: ID!
  legalName: String @policy(policies: [["consent:IDENTITY"]])
}`;

const SIGNALS = `${LINK}
type Merchant @key(fields: "id") {
  id: ID!
  reviews: Reviews @policy(policies: [["consent:REVIEWS"]])
}
type Reviews @policy(policies: [["consent:REVIEWS"]]) { score: Float }`;

function compose(...sdls: string[]): string {
  return composeSupergraph(
    sdls.map((sdl, i) => ({ name: ["merchants", "signals", "third"][i] ?? "x", sdl })),
  );
}

function problemsOf(...sdls: string[]): string {
  try {
    compose(...sdls);
  } catch (error) {
    if (error instanceof CompositionError) return error.problems.join("\n");
    throw error;
  }
  return "";
}

describe("composition fails closed (P1)", () => {
  it("composes guarded subgraphs and keeps every rule", () => {
    const supergraph = compose(MERCHANTS, SIGNALS);
    expect(supergraph).toContain('@policy(policies: [["consent:IDENTITY"]])');
    expect(supergraph).toContain('@policy(policies: [["consent:REVIEWS"]])');
  });

  it.each([
    [
      "a merchant's field without a rule",
      MERCHANTS.replace(' @policy(policies: [["consent:IDENTITY"]])', ""),
      "Merchant.legalName carries no rule",
    ],
    [
      "a root field without a rule",
      MERCHANTS.replace(' @policy(policies: [["party:bank"]])', ""),
      "Query.merchant carries no rule",
    ],
    [
      "a subgraph that defines the directive itself",
      `${MERCHANTS}\ndirective @policy(policies: [[String!]!]!) on FIELD_DEFINITION`,
      "defines @policy itself",
    ],
    [
      "a subgraph that does not import the directive",
      MERCHANTS.replace(', "@policy"]', "]"),
      "does not import @policy",
    ],
    [
      "a subgraph that renames the directive",
      MERCHANTS.replace('"@policy"]', '{ name: "@policy", as: "@guard" }]'),
      "renames an imported directive",
    ],
    [
      "a renamed federation link",
      MERCHANTS.replace(", import:", ', as: "fed", import:'),
      "renames the federation link",
    ],
    ["a federation 1 subgraph", MERCHANTS.replace(LINK, ""), "must link federation v2 exactly once"],
    [
      "an import whose effect on rules is unchecked",
      MERCHANTS.replace('"@policy"]', '"@policy", "@interfaceObject"]'),
      "imports @interfaceObject",
    ],
    [
      "a foreign security link",
      `${MERCHANTS}\nextend schema @link(url: "https://example.org/guard/v1.0")`,
      "nothing here enforces",
    ],
    [
      "a term nobody knows",
      MERCHANTS.replace("consent:IDENTITY", "consent:IDENTTY"),
      "nobody knows the term consent:IDENTTY",
    ],
    [
      "a second way to a merchant",
      `${MERCHANTS}\ntype Shop @policy(policies: [["party:bank"]]) { owner: Merchant }\nextend type Query { shop: Shop @policy(policies: [["party:bank"]]) }`,
      "Shop.owner reaches a merchant outside an inquiry",
    ],
    [
      "a subscription",
      `${MERCHANTS}\ntype Subscription { sales: Int @policy(policies: [["party:bank"]]) }`,
      "subscriptions are not served",
    ],
    [
      "a rule on an interface field",
      `${MERCHANTS}\ninterface Named { name: String @policy(policies: [["consent:IDENTITY"]]) }`,
      "a rule on an interface field",
    ],
    [
      "a rule on an interface",
      `${MERCHANTS}\ninterface Named @policy(policies: [["consent:IDENTITY"]]) { name: String }`,
      "interface Named carries a rule",
    ],
  ])("refuses %s", (_hole, sdl, problem) => {
    expect(problemsOf(sdl, SIGNALS)).toContain(problem);
  });

  it("refuses a derived field that requires a category its own rule does not name", () => {
    const leaking = `${LINK}
type Merchant @key(fields: "id") {
  id: ID!
  legalName: String @external
  nameLength: Int @requires(fields: "legalName") @policy(policies: [["consent:SOCIAL"]])
}`;
    expect(problemsOf(MERCHANTS, SIGNALS, leaking)).toContain(
      "requires Merchant.legalName (consent:IDENTITY)",
    );
  });

  it("lets a derived field through that names both categories", () => {
    const closed = `${LINK}
type Merchant @key(fields: "id") {
  id: ID!
  legalName: String @external
  nameLength: Int @requires(fields: "legalName") @policy(policies: [["consent:SOCIAL", "consent:IDENTITY"]])
}`;
    expect(problemsOf(MERCHANTS, SIGNALS, closed)).toBe("");
  });

  it("refuses a value type that an unguarded field of another type reaches", () => {
    const open = `${MERCHANTS}\ntype Money { minor: Int }\ntype Bare { total: Money }\nextend type Query { bare: Bare }`;
    expect(problemsOf(open, SIGNALS)).toContain("Query.bare carries no rule");
  });
});
