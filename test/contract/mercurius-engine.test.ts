import Fastify from "fastify";
import type { GraphQLSchema } from "graphql";
import mercurius from "mercurius";
import { createMercuriusTestClient } from "mercurius-integration-testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Category } from "../../schema/categories.js";
import { LoaderScope } from "../../subgraphs/host/context.js";
import { Permit } from "../../subgraphs/host/permit.js";
import { ALICE, bankToken, grant, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

const WINDOW = "window: { months: 12 }";
const FIELDS: Readonly<Record<string, string>> = {
  merchants: "identity { legalName regime }",
  transactions: `transactions(${WINDOW}) { orderCount { value n } gmvPaid { amount { minor currency } } } settlements(${WINDOW}) { settledRevenue { amount { minor } } } logistics(${WINDOW}) { onTimeShipRate { value reason } }`,
  signals: `reviews(${WINDOW}) { reviewCount { value } reviewScoreBayes { value reason } } social(${WINDOW}) { followers { value } }`,
};

let bureau: TestBureau;
beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE);
});
afterAll(async () => bureau.close());

function permit(categories: readonly Category[], party: "bank" | "merchant" = "bank"): Permit {
  const id = party === "bank" ? "demo-bank" : ALICE;
  return new Permit({ party, id, scopes: new Set(["profile:read", "consents:read", "inquiries:read"]) }, [
    { inquiry: "i", merchant: ALICE, categories, records: [] },
  ]);
}

async function engine(schema: GraphQLSchema, held: Permit) {
  const app = Fastify();
  await app.register(mercurius, {
    schema,
    context: () => ({ permit: held, loads: new LoaderScope() }) as never,
    graphiql: false,
  });
  return { app, client: createMercuriusTestClient(app) };
}

describe("each subgraph under a second engine agrees with the first", () => {
  it.each(Object.keys(FIELDS))("%s: `_entities` answers as through the gateway", async (name) => {
    const subgraph = bureau.subgraphs.find((candidate) => candidate.name === name);
    const fields = FIELDS[name] ?? "";
    const { app, client } = await engine(
      subgraph?.schema as GraphQLSchema,
      permit(["IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "LOGISTICS", "REVIEWS", "SOCIAL"]),
    );
    const entity = await client.getFederatedEntity({
      typename: "Merchant",
      keys: { id: ALICE },
      typeQuery: `id ${fields}`,
    });
    await app.close();
    const reply = await bureau.graphql(
      await bankToken(bureau),
      `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { id ${fields} } }`,
    );
    expect(reply.errors).toEqual([]);
    expect(JSON.parse(JSON.stringify({ ...entity, __typename: undefined }))).toEqual(reply.data.merchant);
  });

  it.each(Object.keys(FIELDS))("%s: both refuse a merchant's fields without a grant", async (name) => {
    const subgraph = bureau.subgraphs.find((candidate) => candidate.name === name);
    const { app, client } = await engine(subgraph?.schema as GraphQLSchema, permit([]));
    const refused = await client
      .getFederatedEntity({
        typename: "Merchant",
        keys: { id: ALICE },
        typeQuery: `id ${FIELDS[name] ?? ""}`,
      })
      .catch((error: unknown) => error);
    await app.close();
    expect(JSON.stringify(refused)).not.toContain("Alice");
  });

  it.each([
    ["consents", "{ consents(first: 5) { nodes { id state bank } } }"],
    ["inquiries", "{ inquiries(first: 5) { nodes { bank decision purpose } } }"],
  ])("%s: queries answer as through the gateway", async (name, query) => {
    const subgraph = bureau.subgraphs.find((candidate) => candidate.name === name);
    const { app, client } = await engine(subgraph?.schema as GraphQLSchema, permit([], "merchant"));
    const direct = await client.query(query);
    await app.close();
    const reply = await bureau.graphql(await bureau.token({ party: "merchant", id: ALICE }), query);
    expect(reply.errors).toEqual([]);
    expect(direct.data).toEqual(reply.data);
  });
});
