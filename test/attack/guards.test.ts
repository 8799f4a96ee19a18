import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Subgraph } from "../../schema/subgraph.js";
import { ALICE, BOB, bankToken, grant, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

const bodies: string[] = [];
let bureau: TestBureau;
let wide: string;
let narrow: string;

beforeAll(async () => {
  const subgraph = (real: Subgraph): Subgraph => ({
    ...real,
    execute: (request) => {
      bodies.push(request.body);
      return real.execute(request);
    },
  });
  bureau = await startTestBureau({ seams: { subgraph } });
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE, { bank: "wide-bank", categories: ["IDENTITY", "REVIEWS"] });
  await grant(bureau, ALICE, { bank: "narrow-bank", categories: ["IDENTITY"] });
  wide = await bankToken(bureau, "wide-bank");
  narrow = await bankToken(bureau, "narrow-bank");
});
afterAll(async () => bureau.close());

const FIELDS = "{ identity { legalName } reviews { reviewCount { value } } }";
const ASK = `query Q($id: MerchantId!) { merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") ${FIELDS} }`;

describe("A9: one plan for every outcome of consent", () => {
  it.each([
    "$__guard0: Boolean!",
    "$__guard0_0: Boolean = true",
    "$__guard: Boolean",
    "$__guard0_id: MerchantId",
  ])("a client that declares %s is refused", async (declaration) => {
    const query = ASK.replace("$id: MerchantId!", `$id: MerchantId!, ${declaration}`).replace(
      "identity {",
      `identity @include(if: ${/\$\w+/.exec(declaration)?.[0]}) {`,
    );
    const reply = await bureau.graphql(narrow, query, { id: ALICE, __guard0: true });
    expect(reply.status).toBe(400);
    expect(reply.data?.merchant ?? null).toBeNull();
  });

  it("values for variables that nobody declared switch nothing on", async () => {
    const guards = { __guard0: true, __guard0_0: true, __guard0_1: true, __guard0_id: BOB };
    bodies.length = 0;
    const reply = await bureau.graphql(narrow, ASK, { id: ALICE, ...guards });
    expect(reply.data.merchant).toEqual({ identity: { legalName: "Alice Trading" }, reviews: null });
    expect(bodies.some((body) => body.includes("reviewCount") || body.includes(BOB))).toBe(false);
  });

  it("is one text to a subgraph, whoever asks; what differs are the variables", async () => {
    const textsOf = async (token: string): Promise<ReadonlySet<string>> => {
      bodies.length = 0;
      await bureau.graphql(token, ASK, { id: ALICE });
      return new Set(bodies.map((body) => (JSON.parse(body) as { query: string }).query));
    };
    const before = bureau.gateway.federation.cached.plans;
    const all = await textsOf(wide);
    const some = await textsOf(narrow);
    expect(some.size).toBeLessThan(all.size);
    for (const text of some) expect(all).toContain(text);
    expect(bureau.gateway.federation.cached.plans).toBeLessThanOrEqual(before + 1);
  });

  it("names no merchant that opens nothing, neither in the text nor in a variable", async () => {
    bodies.length = 0;
    const root = (id: string, reference: string): string =>
      `merchant(id: "${id}", purpose: PRE_LOAN_ASSESSMENT, reference: "${reference}") ${FIELDS}`;
    const reply = await bureau.graphql(wide, `{ a: ${root(ALICE, "C-1")} b: ${root(BOB, "C-2")} }`);
    expect(reply.data.a.identity.legalName).toBe("Alice Trading");
    expect(reply.data.b).toBeNull();
    expect(bodies.length).toBeGreaterThan(0);
    expect(bodies.some((body) => body.includes(BOB))).toBe(false);
  });
});
