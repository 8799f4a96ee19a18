import { getNamedType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ALICE,
  bankToken,
  BOB,
  grant,
  NOBODY,
  PROFILE,
  publishTwoMerchants,
  revoke,
} from "../support/actors.js";
import { ask as send, type GraphQLReply, startTestBureau, type TestBureau } from "../support/bureau.js";

let bureau: TestBureau;
let token: string;

beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE);
  token = await bankToken(bureau);
});
afterAll(async () => bureau.close());

const ask = (query: string, variables?: Record<string, unknown>) => bureau.graphql(token, query, variables);
const inquiry = (id: string) => `id: "${id}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1"`;

function expectNothingOfBob(reply: GraphQLReply): void {
  expect(JSON.stringify(reply)).not.toContain("Bob");
}

/** The position is null, with one error that says no more than of a merchant that does not exist. */
function expectWithheld(reply: GraphQLReply, path: readonly (string | number)[]): void {
  expectNothingOfBob(reply);
  const value = path.reduce<any>((data, step) => data?.[step], reply.data);
  expect(value).toBeNull();
  const errors = reply.errors.filter((error) => JSON.stringify(error.path) === JSON.stringify(path));
  expect(errors.map(({ extensions }) => extensions["code"])).toEqual(["CONSENT_REQUIRED"]);
}

describe("A1: consent for merchant A used on merchant B", () => {
  it("A1 opens A, as consented", async () => {
    const reply = await ask(PROFILE, { id: ALICE });
    expect(reply.errors).toEqual([]);
    expect(reply.data.merchant.identity.legalName).toBe("Alice Trading");
    expect(reply.data.merchant.transactions.orderCount.value).toBe(1);
  });

  it("A1 alias: does not open B by an alias beside A", async () => {
    const reply = await ask(`{
      a: merchant(${inquiry(ALICE)}) { identity { legalName } }
      b: merchant(${inquiry(BOB)}) { identity { legalName } }
    }`);
    expect(reply.data.a.identity.legalName).toBe("Alice Trading");
    expectWithheld(reply, ["b"]);
  });

  it("A1 second root: does not open B by another root field beside A's", async () => {
    const reply = await ask(`{
      merchant(${inquiry(ALICE)}) { identity { legalName } }
      merchants(inquiries: [{ ${inquiry(BOB)} }]) { identity { legalName } }
    }`);
    expect(reply.data.merchant.identity.legalName).toBe("Alice Trading");
    expectWithheld(reply, ["merchants", 0]);
  });

  it("A1 same key: refuses two merchants under one response key", async () => {
    const reply = await ask(`{
      merchant(${inquiry(ALICE)}) { identity { legalName } }
      merchant(${inquiry(BOB)}) { identity { legalName } }
    }`);
    expect(reply.status).toBe(400);
    expect(reply.data).toBeUndefined();
    expectNothingOfBob(reply);
  });

  it("A1 fragment: does not open B by a fragment shared with A", async () => {
    const reply = await ask(`query {
      a: merchant(${inquiry(ALICE)}) { ...P }
      b: merchant(${inquiry(BOB)}) { ...P }
    } fragment P on Merchant { identity { legalName } transactions { orderCount { value } } }`);
    expect(reply.data.a.transactions.orderCount.value).toBe(1);
    expectWithheld(reply, ["b"]);
  });

  it("A1 fragment of the root: does not open B where a fragment on Query names it", async () => {
    const reply = await ask(`query { ...Roots } fragment Roots on Query {
      a: merchant(${inquiry(ALICE)}) { id }
      ... on Query { ...Inner }
    } fragment Inner on Query { b: merchant(${inquiry(BOB)}) { identity { legalName } } }`);
    expect(reply.data.a).toEqual({ id: ALICE });
    expectWithheld(reply, ["b"]);
  });

  it("A1 variable: does not open B by a variable's default", async () => {
    const reply = await ask(
      `query($id: MerchantId! = "${BOB}") { merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { identity { legalName } } }`,
    );
    expectWithheld(reply, ["merchant"]);
  });

  it("A1 variable: does not open B by a variable inside a list beside A's literal", async () => {
    const reply = await ask(
      `query($id: MerchantId!, $representations: String!) { merchants(inquiries: [{ ${inquiry(ALICE)} }, { id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: $representations }]) { identity { legalName } } }`,
      { id: BOB, representations: "C-1" },
    );
    expect(reply.data.merchants[0]).toEqual({ identity: { legalName: "Alice Trading" } });
    expectWithheld(reply, ["merchants", 1]);
  });

  it("A1 include: opens B under no turn of @skip and @include", async () => {
    for (const [first, second] of [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ]) {
      const reply = await ask(
        `query($first: Boolean!, $second: Boolean! = ${second}) {
          a: merchant(${inquiry(ALICE)}) { ...P @include(if: $first) reviews @skip(if: $second) { reviewCount { value } } }
          b: merchant(${inquiry(BOB)}) @include(if: $second) { ...P @include(if: $first) ... @skip(if: $first) { identity { legalName } } }
          c: merchant(${inquiry(BOB)}) @skip(if: $second) { identity @include(if: $first) { legalName } }
        } fragment P on Merchant { identity { legalName } }`,
        { first },
      );
      expect(reply.status).toBe(200);
      expectWithheld(reply, [second === true ? "b" : "c"]);
      expect(reply.data).not.toHaveProperty(second === true ? "c" : "b");
      expect(reply.extensions["inquiries"]).toHaveLength(2);
    }
  });

  it("A1 list: does not open B in a portfolio that holds A, and keeps every position", async () => {
    const inquiries = [BOB, ALICE, NOBODY, ALICE, BOB].map((id) => ({
      id,
      purpose: "PRE_LOAN_ASSESSMENT",
      reference: "C-1",
    }));
    const reply = await ask(
      "query($inquiries: [InquiryInput!]!) { merchants(inquiries: $inquiries) { id reviews { reviewCount { value } } identity { legalName } } }",
      { inquiries },
    );
    const alice = {
      id: ALICE,
      reviews: { reviewCount: { value: 1 } },
      identity: { legalName: "Alice Trading" },
    };
    expect(reply.data.merchants).toEqual([null, alice, null, alice, null]);
    expect(reply.errors.map((error) => error.path)).toEqual([
      ["merchants", 0],
      ["merchants", 2],
      ["merchants", 4],
    ]);
    expectNothingOfBob(reply);
  });

  it("A1 list: does not open B where one object stands for a list of one", async () => {
    const reply = await ask(`{ merchants(inquiries: { ${inquiry(BOB)} }) { identity { legalName } } }`);
    expectWithheld(reply, ["merchants", 0]);
  });

  it("A1 node: has no way to a merchant by a global id", async () => {
    for (const query of [
      `{ node(id: "${BOB}") { id } }`,
      `{ nodes(ids: ["${BOB}"]) { id } }`,
      `{ _entities(representations: [{ __typename: "Merchant", id: "${BOB}" }]) { ... on Merchant { identity { legalName } } } }`,
      `{ _service { sdl } }`,
    ]) {
      const reply = await ask(query);
      expect(reply.status).toBe(400);
      expect(reply.data).toBeUndefined();
    }
  });

  it("A1 nested edge: reaches merchants from three roots, and from no value of a merchant or of anything else", () => {
    const edges = Object.values(bureau.gateway.federation.apiSchema.getTypeMap()).flatMap((type) =>
      "getFields" in type
        ? Object.values(type.getFields())
            .filter((field) => String(getNamedType(field.type)) === "Merchant")
            .map((field) => `${type.name}.${field.name}`)
        : [],
    );
    expect(edges.toSorted()).toEqual(["Query.me", "Query.merchant", "Query.merchants"]);
  });

  it.each([
    ["in small letters", BOB.toLowerCase()],
    ["in wide letters", [...BOB].map((c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)).join("")],
    ["with blanks around it", ` ${BOB}\n`],
    ["after another code", `${ALICE}${BOB}`],
    ["after another code and NUL", `${ALICE}\u0000${BOB}`],
    ["as a pattern", `${BOB.slice(0, 17)}%`],
    ["as a member of every object", "__proto__"],
  ])("A1 tampering: knows no merchant by a code %s, alone or beside A", async (_how, id) => {
    const b = `b: merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { identity { legalName } }`;
    for (const beside of ["", `a: merchant(${inquiry(ALICE)}) { identity { legalName } }`]) {
      const reply = await ask(`query($id: MerchantId!) { ${beside} ${b} }`, { id });
      expect(reply.status).toBe(400);
      expect(reply.errors.map(({ extensions }) => extensions["code"])).toEqual(["BAD_USER_INPUT"]);
      expect(reply.data).toBeUndefined();
      expectNothingOfBob(reply);
    }
  });

  it("A1 tampering: costs nobody else an answer that asks at the same moment", async () => {
    const bad = `query($id: MerchantId!) { merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { id } }`;
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        i % 2 === 0 ? ask(PROFILE, { id: ALICE }) : ask(bad, { id: `${BOB.slice(0, 17)}\u0000` }),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual(replies.map((_, i) => (i % 2 === 0 ? 200 : 400)));
  });

  it("A1 second operation: decides and answers the operation that is named", async () => {
    const query = `query A { merchant(${inquiry(ALICE)}) { identity { legalName } } } query B { merchant(${inquiry(BOB)}) { identity { legalName } } }`;
    const named = await send(bureau.gateway, token, { query, operationName: "B" });
    expectWithheld(named, ["merchant"]);
    const unnamed = await send(bureau.gateway, token, { query });
    expect(unnamed.status).toBe(400);
    expect(unnamed.data).toBeUndefined();
  });

  it("A1 purpose: refuses the same merchant under two purposes in one operation", async () => {
    const reply = await ask(`{
      a: merchant(${inquiry(ALICE)}) { id }
      b: merchant(id: "${ALICE}", purpose: FRAUD_PREVENTION, reference: "C-1") { id }
    }`);
    expect(reply.status).toBe(400);
    expect(reply.errors[0]?.extensions["code"]).toBe("INQUIRY_CONFLICT");
  });

  it("is final once revoked: the next inquiry gets nothing (P2)", async () => {
    const id = await grant(bureau, BOB, { categories: ["REVIEWS"], purpose: "CREDIT_LIMIT_REVIEW" });
    expect(
      (await ask(PROFILE, { id: BOB, purpose: "CREDIT_LIMIT_REVIEW" })).data.merchant.reviews,
    ).not.toBeNull();
    await revoke(bureau, BOB, id);
    const after = await ask(PROFILE, { id: BOB, purpose: "CREDIT_LIMIT_REVIEW" });
    expect(after.data.merchant).toBeNull();
    expect(after.errors[0]?.extensions["code"]).toBe("CONSENT_REVOKED");
  });
});
