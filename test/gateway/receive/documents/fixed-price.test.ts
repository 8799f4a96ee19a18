import { type DocumentNode, type GraphQLSchema, parse, validate } from "graphql";
import { beforeAll, describe, expect, it } from "vitest";
import { type CostModel, readCosts } from "../../../../gateway/receive/cost-model.js";
import { priceOnce } from "../../../../gateway/receive/documents/fixed-price.js";
import { priceOperation } from "../../../../gateway/receive/price-operation.js";
import { readOperation } from "../../../../gateway/receive/read-operation.js";
import { readApiSchema } from "../../../support/api-schema.js";

let schema: GraphQLSchema;
let costs: CostModel;

beforeAll(async () => {
  schema = await readApiSchema();
  costs = readCosts(schema);
});

function valid(text: string): DocumentNode {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  return document;
}

const operationOf = (document: DocumentNode, variables: Readonly<Record<string, unknown>>) =>
  readOperation({ document, operationName: undefined, variables, sha256: "" }, { schema, explains: true });

const inquiry = { id: "91990100MA0000A193", purpose: "PRE_LOAN_ASSESSMENT", reference: "C-1" };

describe("the price of a document that is kept", () => {
  it("is worked out once where its variables say nothing of it", () => {
    const document = valid(
      `query($id: MerchantId!, $reference: String!) { merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: $reference) { id transactions(window: { months: 3 }) { months { month } } } }`,
    );
    const one = operationOf(document, inquiry);
    const other = operationOf(document, { ...inquiry, reference: "C-2" });
    expect(priceOnce(costs, one)).toBe(priceOnce(costs, other));
    expect(priceOnce(costs, one).estimated).toBe(priceOperation(costs, one).estimated);
    expect(priceOnce(readCosts(schema), one)).not.toBe(priceOnce(costs, one));
  });

  it.each([
    ["of a page", "query($n: Int!) { inquiries(first: $n) { nodes { id } } }", [{ n: 2 }, { n: 50 }]],
    [
      "in a window",
      `query($m: Int!) { me { transactions(window: { months: $m }) { months { month } } } }`,
      [{ m: 1 }, { m: 12 }],
    ],
    [
      "in a fragment",
      `query($w: WindowInput) { me { ...F } } fragment F on Merchant { transactions(window: $w) { months { month } } }`,
      [{ w: { months: 1 } }, { w: { months: 12 } }],
    ],
    [
      "of a portfolio",
      "query($inquiries: [InquiryInput!]!) { merchants(inquiries: $inquiries) { id } }",
      [{ inquiries: [inquiry] }, { inquiries: [inquiry, inquiry] }],
    ],
    [
      "of a directive",
      "query($with: Boolean!) { me { id identity @include(if: $with) { legalName } } }",
      [{ with: false }, { with: true }],
    ],
    [
      "of a directive on a fragment",
      "query($without: Boolean!) { me { id ... @skip(if: $without) { identity { legalName } } } }",
      [{ without: true }, { without: false }],
    ],
  ] as const)("follows a variable %s", (_what, text, [few, many]) => {
    const document = valid(text);
    const prices = [few, many, few].map(
      (variables) => priceOnce(costs, operationOf(document, variables)).estimated,
    );
    expect(prices).toEqual(
      [few, many, few].map((variables) => priceOperation(costs, operationOf(document, variables)).estimated),
    );
    expect(prices[1]).toBeGreaterThan(prices[0] ?? 0);
  });
});
