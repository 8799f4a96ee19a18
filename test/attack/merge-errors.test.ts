import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Subgraph, SubgraphAnswer } from "../../schema/subgraph.js";
import { ALICE, bankToken, BOB, grant, NOBODY, publishTwoMerchants } from "../support/actors.js";
import { type GraphQLReply, startTestBureau, type TestBureau } from "../support/bureau.js";

let bureau: TestBureau;
let token: string;
let lie: ((honest: SubgraphAnswer) => SubgraphAnswer) | undefined;

/** Alice opens her reviews alone, Bob alone who he is. */
beforeAll(async () => {
  const subgraph = (real: Subgraph): Subgraph =>
    real.name === "signals"
      ? {
          ...real,
          execute: async (request) => {
            const honest = await real.execute(request);
            return lie === undefined ? honest : lie(honest);
          },
        }
      : real;
  bureau = await startTestBureau({ seams: { subgraph } });
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE, { categories: ["REVIEWS"] });
  await grant(bureau, BOB, { categories: ["IDENTITY"] });
  token = await bankToken(bureau);
});
afterAll(async () => bureau.close());

const inquiry = (id: string) => `id: "${id}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1"`;
const ask = (query: string) => bureau.graphql(token, query);
const errorsOf = ({ errors }: GraphQLReply) =>
  errors.map(({ path, extensions }) => [path?.join("."), extensions["code"], extensions["category"]]);

const REVIEWS = "reviews { reviewCount { value } }";
const ONE_REVIEW = { reviewCount: { value: 1 } };

describe("A6: what is allowed and what is withheld meet in one answer", () => {
  it("A6 tells two merchants apart under one key for two fields", async () => {
    const granted = await ask(
      `{ a: merchant(${inquiry(ALICE)}) { x: ${REVIEWS} } b: merchant(${inquiry(BOB)}) { x: identity { legalName } } }`,
    );
    expect(granted.data).toEqual({ a: { x: ONE_REVIEW }, b: { x: { legalName: "Bob Store" } } });
    expect(granted.errors).toEqual([]);
    const crossed = await ask(
      `{ a: merchant(${inquiry(ALICE)}) { x: identity { legalName } y: ${REVIEWS} } b: merchant(${inquiry(BOB)}) { x: ${REVIEWS} y: identity { legalName } } }`,
    );
    expect(crossed.data).toEqual({
      a: { x: null, y: ONE_REVIEW },
      b: { x: null, y: { legalName: "Bob Store" } },
    });
    expect(errorsOf(crossed)).toEqual([
      ["a.x", "SCOPE_NOT_CONSENTED", "IDENTITY"],
      ["b.x", "SCOPE_NOT_CONSENTED", "REVIEWS"],
    ]);
  });

  it("A6 tells siblings of a portfolio apart under one selection", async () => {
    const reply = await ask(
      `{ list: merchants(inquiries: [{ ${inquiry(ALICE)} }, { ${inquiry(NOBODY)} }, { ${inquiry(BOB)} }, { ${inquiry(ALICE)} }]) { ...P } } fragment P on Merchant { id ${REVIEWS} who: identity { legalName } }`,
    );
    const alice = { id: ALICE, reviews: ONE_REVIEW, who: null };
    expect(reply.data.list).toEqual([
      alice,
      null,
      { id: BOB, reviews: null, who: { legalName: "Bob Store" } },
      alice,
    ]);
    expect(errorsOf(reply)).toEqual([
      ["list.0.who", "SCOPE_NOT_CONSENTED", "IDENTITY"],
      ["list.1", "CONSENT_REQUIRED", undefined],
      ["list.2.reviews", "SCOPE_NOT_CONSENTED", "REVIEWS"],
      ["list.3.who", "SCOPE_NOT_CONSENTED", "IDENTITY"],
    ]);
  });

  it("A6 judges the field that an alias stands for, not the name it bears", async () => {
    const reply = await ask(
      `{ merchant(${inquiry(ALICE)}) { reviews: identity { legalName } identity: ${REVIEWS} id: social { followers { value } } __typename: ${REVIEWS} } }`,
    );
    expect(reply.data.merchant).toEqual({
      reviews: null,
      identity: ONE_REVIEW,
      id: null,
      __typename: ONE_REVIEW,
    });
    expect(errorsOf(reply)).toEqual([
      ["merchant.reviews", "SCOPE_NOT_CONSENTED", "IDENTITY"],
      ["merchant.id", "SCOPE_NOT_CONSENTED", "SOCIAL"],
    ]);
  });

  it("A6 is not misled by an alias that bears the name of the key", async () => {
    const reply = await ask(`{ merchant(${inquiry(ALICE)}) { id: __typename __typename: id ${REVIEWS} } }`);
    expect(reply.errors).toEqual([]);
    expect(reply.data.merchant).toEqual({ id: "Merchant", __typename: ALICE, reviews: ONE_REVIEW });
  });

  it("A6 refuses one key for a field that is allowed and one that is withheld", async () => {
    const reply = await ask(`{ merchant(${inquiry(ALICE)}) { x: ${REVIEWS} x: identity { legalName } } }`);
    expect(reply.status).toBe(400);
    expect(reply.data).toBeUndefined();
  });

  it("A6 merges what one key selects twice, and tells what is withheld once", async () => {
    const reply = await ask(
      `{ merchant(${inquiry(ALICE)}) { ...A ...B } } fragment A on Merchant { x: reviews { reviewCount { value } } y: identity { regime } } fragment B on Merchant { x: reviews { reviewCount { n } } y: identity { legalName } }`,
    );
    expect(reply.data.merchant).toEqual({ x: { reviewCount: { value: 1, n: 1 } }, y: null });
    expect(errorsOf(reply)).toEqual([["merchant.y", "SCOPE_NOT_CONSENTED", "IDENTITY"]]);
  });

  it("A6 null bubbling stops at the merchant's own field, and neither hides nor shows a sibling", async () => {
    lie = () => ({
      data: {
        _entities: [{ id: ALICE, reviews: { platforms: [{ platform: null }], reviewCount: { n: null } } }],
      },
    });
    const reply = await ask(
      `{ merchant(${inquiry(ALICE)}) { identity { legalName } reviews { platforms { platform } reviewCount { n value } } id } }`,
    );
    lie = undefined;
    expect(reply.data.merchant).toEqual({
      identity: null,
      id: ALICE,
      reviews: { platforms: null, reviewCount: null },
    });
    expect(errorsOf(reply)).toEqual([["merchant.identity", "SCOPE_NOT_CONSENTED", "IDENTITY"]]);
  });

  it("A6 tells every refusal when a root that may not be null is refused, in whatever order they stand", async () => {
    const merchant = await bureau.token({ party: "merchant", id: ALICE });
    const roots = [`merchants(inquiries: []) { id }`, `merchant(${inquiry(BOB)}) { id }`, "me { id }"];
    for (const list of [roots, roots.toReversed()]) {
      const reply = await bureau.graphql(merchant, `{ ${list.join(" ")} }`);
      expect(reply.data).toBeNull();
      expect(errorsOf(reply).toSorted()).toEqual([
        ["merchant", "FORBIDDEN", undefined],
        ["merchants", "FORBIDDEN", undefined],
      ]);
    }
  });

  it("A6 gives a portfolio the length it was asked with, whoever is withheld", async () => {
    for (const codes of [[ALICE, BOB], [NOBODY, NOBODY], [ALICE, NOBODY, BOB], []]) {
      const inquiries = codes.map((id) => `{ ${inquiry(id)} }`).join(", ");
      const reply = await ask(`{ merchants(inquiries: [${inquiries}]) { id } }`);
      expect(reply.data.merchants).toHaveLength(codes.length);
    }
  });

  it("A6 counts a refused entry against nobody else's consent, and shows it in nobody else's list", async () => {
    await grant(bureau, ALICE, { bank: "counting-bank", categories: ["REVIEWS"] });
    const counting = await bankToken(bureau, "counting-bank");
    const remaining = async (codes: readonly string[]) => {
      const inquiries = codes.map((id) => `{ ${inquiry(id)} }`).join(", ");
      const reply = await bureau.graphql(counting, `{ merchants(inquiries: [${inquiries}]) { ${REVIEWS} } }`);
      return reply.extensions["inquiries"].map(
        (note: { remainingUses: number | null }) => note.remainingUses,
      );
    };
    const [before] = await remaining([ALICE]);
    expect(await remaining([BOB])).toEqual([null]);
    expect(await remaining([BOB, ALICE])).toEqual([null, before - 1]);
    const lists = await Promise.all(
      [ALICE, BOB].map(async (id) => {
        const reply = await bureau.graphql(
          await bureau.token({ party: "merchant", id }),
          "{ inquiries(first: 50) { nodes { merchantId bank } } }",
        );
        const nodes: { merchantId: string; bank: string }[] = reply.data.inquiries.nodes;
        expect(nodes.every(({ merchantId }) => merchantId === id)).toBe(true);
        return nodes.filter(({ bank }) => bank === "counting-bank").length;
      }),
    );
    expect(lists).toEqual([2, 2]);
  });
});
