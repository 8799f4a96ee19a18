import { describe, expect, it } from "vitest";
import { composeSupergraph, CompositionError } from "../../scripts/compose/compose-supergraph.js";

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@shareable", "@external", "@requires", "@policy"])';

const withOrders = (rule: string): string => `${LINK}
type Query {
  merchant(id: ID!): Merchant @policy(policies: [["party:bank"]])
}
type Merchant @key(fields: "id") {
  id: ID!
  orders: [Order!] @policy(policies: ${rule})
}
type Order @policy(policies: ${rule}) { id: ID! }`;

function problemsOf(sdl: string): string {
  try {
    composeSupergraph([{ name: "merchants", sdl }]);
  } catch (error) {
    if (error instanceof CompositionError) return error.problems.join("\n");
    throw error;
  }
  return "";
}

describe("composition of single records (P1)", () => {
  it("knows the level of a category, and keeps it", () => {
    const sdl = withOrders('[["consent:TRANSACTIONS", "records:TRANSACTIONS"]]');
    expect(problemsOf(sdl)).toBe("");
    expect(composeSupergraph([{ name: "merchants", sdl }])).toContain(
      '@policy(policies: [["consent:TRANSACTIONS", "records:TRANSACTIONS"]])',
    );
  });

  it.each([
    ["records without their category", '[["records:TRANSACTIONS"]]', "records:TRANSACTIONS stands without"],
    [
      "records beside another category",
      '[["consent:SETTLEMENTS", "records:TRANSACTIONS"]]',
      "records:TRANSACTIONS stands without consent:TRANSACTIONS",
    ],
    [
      "records as an alternative to their category",
      '[["consent:TRANSACTIONS"], ["records:TRANSACTIONS"]]',
      "records:TRANSACTIONS stands without consent:TRANSACTIONS",
    ],
    [
      "records of no category",
      '[["consent:TRANSACTIONS", "records:ORDERS"]]',
      "nobody knows the term records:ORDERS",
    ],
    [
      "another level",
      '[["consent:TRANSACTIONS", "summary:TRANSACTIONS"]]',
      "nobody knows the term summary:TRANSACTIONS",
    ],
  ])("refuses %s", (_hole, rule, problem) => {
    expect(problemsOf(withOrders(rule))).toContain(problem);
  });

  it("refuses a derived figure that requires single records and does not say so", () => {
    const orders = withOrders('[["consent:TRANSACTIONS", "records:TRANSACTIONS"]]').replace(
      "orders: [Order!] @policy",
      "newestOrder: String @policy",
    );
    const derived = (rule: string): string => `${LINK}
type Merchant @key(fields: "id") {
  id: ID!
  newestOrder: String @external
  busy: Boolean @requires(fields: "newestOrder") @policy(policies: ${rule})
}`;
    const compose = (rule: string): string => {
      try {
        composeSupergraph([
          { name: "merchants", sdl: orders },
          { name: "derived", sdl: derived(rule) },
        ]);
      } catch (error) {
        if (error instanceof CompositionError) return error.problems.join("\n");
        throw error;
      }
      return "";
    };
    expect(compose('[["consent:TRANSACTIONS"]]')).toMatch(/Merchant.busy/);
    expect(compose('[["consent:TRANSACTIONS", "records:TRANSACTIONS"]]')).toBe("");
  });
});
