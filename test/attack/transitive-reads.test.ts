import { getNamedType, type GraphQLObjectType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSupergraph } from "../../gateway/plan/index.js";
import { readFileSync } from "node:fs";
import { SUPERGRAPH_FILE } from "../../gateway/process/open-bureau.js";
import { ALICE, bankToken, BOB, grant, MARKETPLACE, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";
import { wayIn } from "../support/doors.js";
import { sendWithToken } from "../support/proofs.js";

let bureau: TestBureau;
let token: string;

/** Alice opens her social figures and nothing else. */
beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  const day = new Date(bureau.clock.now().getTime() - 5 * 86_400_000).toISOString().slice(0, 10);
  const traits = [
    ["age", "18-24", 9],
    ["age", "25-34", 40],
    ["age", "35-44", 12],
    ["region", "Lhasa", 1],
  ].map(([trait, bucket, count]) => ({ trait, bucket, count }));
  const social = {
    recordId: "so-1",
    sellerId: "alice-shop",
    channel: "video",
    date: day,
    followers: 50,
    buyerTraits: traits,
  };
  const reply = await bureau.publish(MARKETPLACE, "social", [social]);
  expect(reply.body).toMatchObject({ rejected: 0 });
  await grant(bureau, ALICE, { categories: ["SOCIAL"] });
  token = await bankToken(bureau);
});
afterAll(async () => bureau.close());

const inquiry = (id: string) => `id: "${id}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1"`;

function merchantTypes(): ReadonlySet<GraphQLObjectType> {
  const schema = bureau.gateway.federation.apiSchema;
  const found = new Set<GraphQLObjectType>();
  const visit = (type: unknown): void => {
    if (!isObjectType(type) || found.has(type)) return;
    found.add(type);
    for (const field of Object.values(type.getFields())) visit(getNamedType(field.type));
  };
  visit(schema.getType("Merchant"));
  return found;
}

describe("A3: what is withheld, by a way around", () => {
  it("A3 derived field: every field of a merchant rests on the category that its value is made of, and on no other", () => {
    const { policies } = readSupergraph(readFileSync(SUPERGRAPH_FILE, "utf8"));
    const merchant = bureau.gateway.federation.apiSchema.getType("Merchant") as GraphQLObjectType;
    for (const name of Object.keys(merchant.getFields())) {
      if (name === "id") continue;
      const terms = policies.fields.get(`Merchant.${name}`)?.flat() ?? [];
      expect(
        terms.filter((term) => term.startsWith("consent:")),
        name,
      ).toHaveLength(1);
    }
    const text = readFileSync(SUPERGRAPH_FILE, "utf8");
    expect(
      text.match(/^ .*@join__field\([^)]*\b(requires|provides|contextArguments|override): ["[]/gm),
    ).toBeNull();
  });

  it("A3 filter, order and exists: no argument below a merchant chooses rows by what they hold", () => {
    const names = new Set<string>();
    for (const type of merchantTypes())
      for (const field of Object.values(type.getFields())) for (const { name } of field.args) names.add(name);
    // A window is cut to the months that the consent opens; `n` counts keys of one's own category; a page goes on after a
    // record that its asker was given.
    expect([...names].toSorted()).toEqual(["after", "currency", "first", "n", "window"]);
  });

  it("A3 window: an argument of a withheld field is not even judged, so that its error tells nothing", async () => {
    for (const window of ["months: 12", "months: 99", 'from: "2026-05", until: "2026-01"']) {
      const reply = await bureau.graphql(
        token,
        `{ merchant(${inquiry(ALICE)}) { social { followers { value } } transactions(window: { ${window} }, currency: "???") { orderCount { value } } } }`,
      );
      expect(reply.errors.map(({ extensions }) => [extensions["code"], extensions["problem"]])).toEqual([
        ["SCOPE_NOT_CONSENTED", undefined],
      ]);
    }
  });

  it("A3 error text: no message names a merchant's value, and none differs with it", async () => {
    const [alice, bob] = await Promise.all(
      [ALICE, BOB].map((id) =>
        bureau.graphql(token, `{ merchant(${inquiry(id)}) { identity { legalName } } }`),
      ),
    );
    expect(alice?.errors[0]?.message).not.toMatch(/Alice|Bob|shop/);
    expect(bob?.errors[0]?.message).not.toMatch(/Alice|Bob|shop/);
  });

  it.each([
    ["apollo-query-plan-experimental", "1"],
    ["apollo-query-plan-experimental-format", "internal"],
    ["apollo-expose-query-plan", "true"],
    ["apollo-federation-include-trace", "ftv1"],
    ["x-apollo-tracing", "1"],
    ["apollo-cache-control", "1"],
  ])("A3 plan and trace: %s brings nothing but the inquiries into extensions", async (name, value) => {
    const query = `{ merchant(${inquiry(ALICE)}) { social { followers { value } } identity { legalName } } }`;
    const extras = { tracing: true, queryPlan: true };
    const { path, body } = wayIn(bureau.gateway, { query, extensions: extras });
    const request = { token, method: "POST", path };
    const reply = await sendWithToken(bureau.gateway, request, async (headers) =>
      bureau.gateway.app.inject({
        method: "POST",
        url: path,
        headers: { "content-type": "application/json", ...headers, [name]: value },
        payload: JSON.stringify(body),
      }),
    );
    const { extensions } = reply.json();
    expect(Object.keys(extensions).filter((key) => !["inquiries", "cost"].includes(key))).toEqual([]);
    expect(reply.payload).not.toMatch(/signals|_entities|QueryPlan/);
  });

  it("A3 aggregate of one: a bucket of fewer than ten people is in no answer, nor what would give it away", async () => {
    const reply = await bureau.graphql(
      token,
      `{ merchant(${inquiry(ALICE)}) { social(window: { months: 3 }) { buyerTraits { trait suppressed buckets { bucket count } } } } }`,
    );
    expect(reply.errors).toEqual([]);
    const traits: { trait: string; suppressed: number; buckets: object[] }[] =
      reply.data.merchant.social.buyerTraits;
    expect(traits.toSorted((a, b) => (a.trait < b.trait ? -1 : 1))).toEqual([
      { trait: "age", suppressed: 2, buckets: [{ bucket: "25-34", count: 40 }] },
      { trait: "region", suppressed: 1, buckets: [] },
    ]);
  });

  it("A3 cursor: a page's end holds when and which, and no value", async () => {
    const reply = await bureau.graphql(
      token,
      "{ inquiries(first: 1) { pageInfo { endCursor } } consents(first: 1) { pageInfo { endCursor } } }",
    );
    for (const list of ["inquiries", "consents"]) {
      const text = Buffer.from(reply.data[list].pageInfo.endCursor, "base64url").toString();
      expect(text).toMatch(/^\d+ [0-9a-f-]{36}$/);
    }
  });

  it("A3 other banks: what they ask about a merchant shows in no list of this one", async () => {
    const other = await bankToken(bureau, "curious-bank");
    await bureau.graphql(other, `{ merchant(${inquiry(ALICE)}) { social { followers { value } } } }`);
    const reply = await bureau.graphql(other, `{ inquiries(first: 50) { nodes { asker bank } } }`);
    const askers = new Set(reply.data.inquiries.nodes.map(({ asker }: { asker: string }) => asker));
    expect([...askers]).toEqual(["curious-bank"]);
    const named = await bureau.graphql(
      other,
      `{ inquiries(first: 50, merchant: "${ALICE}") { nodes { asker } } }`,
    );
    const seen = (named.data?.inquiries?.nodes ?? []).filter(
      ({ asker }: { asker: string }) => asker !== "curious-bank",
    );
    expect(seen).toEqual([]);
  });

  it("A3 probing: the type of a withheld merchant, or of what it withholds, is told to nobody", async () => {
    const bob = await bureau.graphql(token, `{ merchant(${inquiry(BOB)}) { __typename } }`);
    expect(bob.data).toEqual({ merchant: null });
    const alice = await bureau.graphql(
      token,
      `{ merchant(${inquiry(ALICE)}) { __typename identity { __typename } social { __typename } } }`,
    );
    expect(alice.data.merchant).toEqual({
      __typename: "Merchant",
      identity: null,
      social: { __typename: "Social" },
    });
  });
});
