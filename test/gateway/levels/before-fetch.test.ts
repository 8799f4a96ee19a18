import { type GraphQLObjectType, print, visit } from "graphql";
import { describe, expect, test } from "vitest";
import {
  createSigner,
  createVerifier,
  generateSigningKey,
  publicKeySet,
} from "../../../foundation/tokens.js";
import { askedCategories } from "../../../gateway/authorize/asked-categories.js";
import { narrowOperation } from "../../../gateway/authorize/narrow-operation.js";
import { Echo } from "../../../gateway/fetch/echo.js";
import { RepresentationGate } from "../../../gateway/fetch/representations.js";
import { createSignPermit } from "../../../gateway/fetch/sign-permit.js";
import { SubgraphSource } from "../../../gateway/fetch/subgraph-source.js";
import type { Authorized, Operation } from "../../../gateway/inquiry.js";
import { guardOperation } from "../../../gateway/plan/guard-operation.js";
import { type Shape, shapeOf } from "../../../gateway/graph/shape.js";
import { conditionsOf, isIncluded } from "../../../gateway/graph/conditions.js";
import { needsOf, objectionTo, type PolicyIndex } from "../../../gateway/policies.js";
import type { Category } from "../../../schema/categories.js";
import {
  ALICE,
  BOB,
  NOW,
  ACCOUNTS,
  SCHEMA,
  INDEX,
  TEXT,
  principal,
  openRecords,
  figuresOnly,
  operationOf,
  inquiryOf,
  authorizedOf,
} from "./levels-room.js";

function belowRoot(operation: Operation): Shape | undefined {
  return shapeOf(operation).fieldsOf(SCHEMA.getQueryType() as GraphQLObjectType, operation.variables)[0]
    ?.inner;
}

describe("the rule records:CATEGORY", () => {
  const standing = (granted: readonly Category[], records: readonly Category[]) => ({
    principal,
    granted: new Set(granted),
    records: new Set(records),
  });

  test("holds only where both the category and its records were granted", () => {
    const orders = ["Transactions", "orders"] as const;
    expect(objectionTo(INDEX, orders, standing(["TRANSACTIONS"], ["TRANSACTIONS"]))).toBeUndefined();
    expect(objectionTo(INDEX, orders, standing(["TRANSACTIONS"], []))).toEqual({
      kind: "records",
      category: "TRANSACTIONS",
    });
    expect(objectionTo(INDEX, orders, standing([], ["TRANSACTIONS"]))).toEqual({
      kind: "category",
      category: "TRANSACTIONS",
    });
    expect(objectionTo(INDEX, orders, standing(["SETTLEMENTS"], ["SETTLEMENTS"]))?.kind).toBe("category");
  });

  test("alone asks for the category too, and never holds without it", () => {
    const index: PolicyIndex = {
      fields: new Map([["Transactions.orders", [["records:TRANSACTIONS"]]]]),
      types: new Map(),
    };
    const needs = needsOf(index, "Transactions", "orders");
    expect([[...needs.categories], [...needs.records]]).toEqual([["TRANSACTIONS"], ["TRANSACTIONS"]]);
    expect(objectionTo(index, ["Transactions", "orders"], standing([], ["TRANSACTIONS"]))?.kind).toBe(
      "records",
    );
  });

  test("is read from aliases, nested types and the types' own rules", () => {
    const operation = operationOf(TEXT);
    const type = SCHEMA.getType("Merchant") as GraphQLObjectType;
    const asked = askedCategories(INDEX, operation, { type, shape: belowRoot(operation) });
    expect([...asked.categories]).toEqual(["TRANSACTIONS", "SETTLEMENTS"]);
    expect([...asked.records]).toEqual(["TRANSACTIONS", "SETTLEMENTS"]);
    expect([...asked.figures]).toEqual(["TRANSACTIONS"]);
    const figures = operationOf("query($ids: [ID!]!) { merchants(ids: $ids) { transactions { count } } }");
    expect([...askedCategories(INDEX, figures, { type, shape: belowRoot(figures) }).records]).toEqual([]);
  });
});

/** The operation as a subgraph would run it: what the guards switch off is not in it. */
function textFetched(authorized: Authorized): string {
  const guarded = guardOperation(authorized.operation, INDEX, new Set());
  const variables = narrowOperation(authorized, guarded, INDEX)?.variables ?? {};
  const run = visit(guarded.document, {
    Field: (node) => (isIncluded([conditionsOf(node) ?? []], variables) ? undefined : null),
  });
  return print(run);
}

describe("records before the fetch", () => {
  test("of a category that nobody opens are cut out of the operation; figures stay", () => {
    const text = textFetched(authorizedOf());
    expect(text).toContain("orders");
    expect(text).not.toContain("payouts");
    const figures = textFetched(authorizedOf([figuresOnly()]));
    expect(figures).not.toContain("orders");
    expect(figures).toContain("count");
  });

  test("are asked of a subgraph for merchants alone whose consent opens them", async () => {
    const asked: string[] = [];
    const source = new SubgraphSource({
      name: "transactions",
      gate: new RepresentationGate(INDEX),
      echo: new Echo(),
      signPermit: async (_authorized, { merchants }) => [...(merchants ?? [])].join(),
      transport: async ({ request: { permit } }) => {
        asked.push(permit ?? "");
        return { data: { _entities: [] } };
      },
    });
    const ask = async (fields: string, authorized = authorizedOf()): Promise<string | undefined> => {
      asked.length = 0;
      const query = `query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Merchant { ${fields} } } }`;
      const representations = [ALICE, BOB].map((id) => ({ __typename: "Merchant", id }));
      const target = { responseKey: "_entities", variable: "representations" };
      const step = { operation: query, operationKind: "query", targets: [target] };
      await source.ask({ step, variables: { representations } } as never, {
        authorized,
        merchantRoots: new Set(),
        expected: new Map(),
        signal: undefined,
      });
      return asked[0];
    };
    expect(await ask("transactions { count }")).toBe(`${ALICE},${BOB}`);
    expect(await ask("payouts { id }")).toBeUndefined();
    expect(await ask("payouts { id } transactions { count }")).toBe(`${ALICE},${BOB}`);
    const open = authorizedOf([openRecords(), inquiryOf(BOB, { records: ["SETTLEMENTS"] })]);
    expect(await ask("payouts { id }", open)).toBe(BOB);
  });

  test("and accounts stand in the permit of the merchant that opens them, and of no other", async () => {
    const key = await generateSigningKey();
    const clock = { now: () => NOW, monotonicMs: () => 0 };
    const signer = await createSigner(key);
    const sign = createSignPermit((claims) => signer.sign("permit+jwt", claims), "gateway", clock);
    const verify = createVerifier({
      keys: { kind: "local", keys: publicKeySet([key]) },
      algorithms: ["EdDSA"],
      issuer: "gateway",
      audience: "transactions",
      typ: "permit+jwt",
      requiredClaims: ["grants"],
      clockToleranceSeconds: 2,
      lifetimeMaxSeconds: 5,
      charactersMax: 10_000,
      now: () => NOW,
    });
    const request = { subgraph: "transactions", body: "{}", merchants: undefined };
    const claims = await verify(await sign(authorizedOf(), request));
    expect(claims["grants"]).toMatchObject([
      {
        merchant: ALICE,
        categories: ["TRANSACTIONS", "SETTLEMENTS"],
        records: ["TRANSACTIONS"],
        accounts: ACCOUNTS,
      },
      { merchant: BOB, categories: ["TRANSACTIONS", "SETTLEMENTS"], records: [] },
    ]);
    const grants = claims["grants"] as readonly object[];
    expect(grants[1]).not.toHaveProperty("accounts");
    expect(claims).not.toHaveProperty("signatory");
    const acting = { ...authorizedOf(), principal: { ...principal, signatory: "li" } } as Authorized;
    expect((await verify(await sign(acting, request)))["signatory"]).toBe("li");
  });
});
