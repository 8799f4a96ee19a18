import { buildSchema, type OperationDefinitionNode, parse, print } from "graphql";
import { describe, expect, test } from "vitest";
import { createSigner, createVerifier, generateSigningKey, publicKeySet } from "../../foundation/tokens.js";
import { answer } from "../../gateway/answer/index.js";
import { release } from "../../gateway/answer/release.js";
import { askedCategories } from "../../gateway/authorize/asked-categories.js";
import { exhausted, narrowed, toInquiry } from "../../gateway/authorize/inquiry-of.js";
import { narrowOperation } from "../../gateway/authorize/narrow-operation.js";
import { Echo } from "../../gateway/fetch/echo.js";
import { RepresentationGate } from "../../gateway/fetch/representations.js";
import { createSignPermit } from "../../gateway/fetch/sign-permit.js";
import { SubgraphSource } from "../../gateway/fetch/subgraph-source.js";
import type { Authorized, Fetched, Inquiry, Operation, Question, Recorded } from "../../gateway/inquiry.js";
import { needsOf, objectionTo, type PolicyIndex } from "../../gateway/policies.js";
import { createRecord } from "../../gateway/record/index.js";
import type { Category } from "../../schema/categories.js";
import type { Principal } from "../../schema/claims.js";
import { decide } from "../../schema/consent.js";
import type { LedgerConsent } from "../../schema/consent-terms.js";
import type { InquiryEntry } from "../../schema/ports.js";
import { CN_RULEBOOK } from "../../schema/rulebook.js";

const ALICE = "91990100MA0000A193";
const BOB = "92990100MA0000B234";
const NOW = new Date("2026-03-15T04:00:00.000Z");
const ACCOUNTS = [{ platform: "taoyuan-market", sellerId: "tea-house" }];

const SCHEMA = buildSchema(`
  type Query { merchants(ids: [ID!]!): [Merchant] }
  type Merchant { id: ID! transactions: Transactions payouts: [Payout!] }
  type Transactions { count: Int orders: [Order!] }
  type Order { id: ID! }
  type Payout { id: ID! }
`);
const RECORDS_OF = (category: string): readonly (readonly string[])[] => [
  [`consent:${category}`, `records:${category}`],
];
const INDEX: PolicyIndex = {
  fields: new Map<string, readonly (readonly string[])[]>([
    ["Query.merchants", [["party:bank"]]],
    ["Merchant.transactions", [["consent:TRANSACTIONS"]]],
    ["Merchant.payouts", RECORDS_OF("SETTLEMENTS")],
    ["Transactions.orders", RECORDS_OF("TRANSACTIONS")],
  ]),
  types: new Map<string, readonly (readonly string[])[]>([
    ["Order", RECORDS_OF("TRANSACTIONS")],
    ["Payout", RECORDS_OF("SETTLEMENTS")],
  ]),
};

const TEXT = `query($ids: [ID!]!) { merchants(ids: $ids) { id
  sales: transactions { count single: orders { id } }
  payouts { id } } }`;

function operationOf(text: string): Operation {
  const document = parse(text);
  return {
    schema: SCHEMA,
    document,
    definition: document.definitions[0] as OperationDefinitionNode,
    variables: { ids: [ALICE, BOB] },
    sha256: "",
  };
}

const principal: Principal = {
  party: "bank",
  id: "demo-bank",
  clientId: "demo-bank",
  scopes: new Set(["profile:read"]),
  details: [
    {
      type: "merchant_credit_profile",
      purposes: ["PRE_LOAN_ASSESSMENT"],
      datatypes: ["TRANSACTIONS", "SETTLEMENTS"],
      privileges: ["RECORDS"],
    },
  ],
  signatory: undefined,
  binding: undefined,
  credentials: [],
  tokenKey: "i|j",
  expiresAt: NOW,
};

function consentOf(merchant: string, over: Partial<LedgerConsent["terms"]>): LedgerConsent {
  const terms: LedgerConsent["terms"] = {
    consentId: `consent-of-${merchant}`,
    version: 1,
    merchant,
    bank: "demo-bank",
    purpose: "PRE_LOAN_ASSESSMENT",
    purposeText: { en: "", zh: "" },
    categories: ["TRANSACTIONS", "SETTLEMENTS"],
    lookbackMonths: 3,
    startsAt: "2026-03-01T00:00:00.000Z",
    expiresAt: "2026-05-01T00:00:00.000Z",
    frequency: { count: 10, period: "MONTH" },
    rulebook: CN_RULEBOOK.version,
    notice: { version: "", language: "", sha256: "" },
    ...over,
  };
  return { terms, events: [{ kind: "GRANTED", at: new Date("2026-03-01T00:00:00.000Z") }], used: 0 };
}

function questionOf(
  merchant: string,
  asked: readonly Category[],
  askedRecords: readonly Category[],
): Question {
  const stated = { purpose: "PRE_LOAN_ASSESSMENT", reference: "C-1", own: false } as const;
  // As the operation below asks: figures and single orders, and nothing but single payouts.
  return { merchant, ...stated, asked, askedRecords, askedFigures: ["TRANSACTIONS"] };
}

function inquiryOf(merchant: string, terms: Partial<LedgerConsent["terms"]>): Inquiry {
  const asked: readonly Category[] = ["TRANSACTIONS", "SETTLEMENTS"];
  const question = questionOf(merchant, asked, asked);
  const inquiry = {
    bank: "demo-bank",
    merchant,
    purpose: question.purpose,
    categories: asked,
    records: asked,
  };
  const decision = decide(
    [consentOf(merchant, terms)],
    { ...inquiry, tokenDetails: principal.details },
    CN_RULEBOOK,
    NOW,
  );
  return { ...toInquiry(question, `inquiry-of-${merchant}`, decision), remainingUses: 9 };
}

/** Alice opens single orders of one account, Bob figures only. */
function authorizedOf(inquiries: readonly Inquiry[] = [openRecords(), figuresOnly()]): Authorized {
  const authorized = {
    principal,
    requestId: "r",
    operation: operationOf(TEXT),
    inquiries: new Map(inquiries.map((inquiry) => [inquiry.merchant, inquiry])),
    positions: new Map([["merchants", inquiries.map(({ merchant }) => merchant)]]),
    refusedRoots: [],
    ended: [],
    checkedAtMs: 0,
    rulebook: CN_RULEBOOK.version,
  };
  return authorized as unknown as Authorized;
}
const openRecords = (): Inquiry => inquiryOf(ALICE, { records: ["TRANSACTIONS"], accounts: ACCOUNTS });
const figuresOnly = (): Inquiry => inquiryOf(BOB, {});

const merchantOf = (id: string) => ({
  __typename: "Merchant",
  id,
  sales: { __typename: "Transactions", count: 7, single: [{ __typename: "Order", id: `order-of-${id}` }] },
  payouts: [{ __typename: "Payout", id: `payout-of-${id}` }],
});
const fetchedOf = (authorized: Authorized): Fetched =>
  ({
    authorized,
    data: { merchants: [merchantOf(ALICE), merchantOf(BOB)] },
    errors: [],
  }) as unknown as Fetched;

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
    const root = operation.definition.selectionSet.selections[0];
    const type = SCHEMA.getType("Merchant");
    const asked = askedCategories(INDEX, operation, { type, nodes: [root] } as never);
    expect([...asked.categories]).toEqual(["TRANSACTIONS", "SETTLEMENTS"]);
    expect([...asked.records]).toEqual(["TRANSACTIONS", "SETTLEMENTS"]);
    expect([...asked.figures]).toEqual(["TRANSACTIONS"]);
    const figures = operationOf("query($ids: [ID!]!) { merchants(ids: $ids) { transactions { count } } }");
    const node = figures.definition.selectionSet.selections[0];
    expect([...askedCategories(INDEX, figures, { type, nodes: [node] } as never).records]).toEqual([]);
  });
});

describe("records before the fetch", () => {
  test("of a category that nobody opens are cut out of the operation; figures stay", () => {
    const kept = narrowOperation(authorizedOf(), INDEX);
    const text = print(kept?.document ?? parse("{ nothing }"));
    expect(text).toContain("orders");
    expect(text).not.toContain("payouts");
    const figures = narrowOperation(authorizedOf([figuresOnly()]), INDEX);
    expect(print(figures?.document ?? parse("{ nothing }"))).not.toContain("orders");
    expect(print(figures?.document ?? parse("{ nothing }"))).toContain("count");
  });

  test("are asked of a subgraph for merchants alone whose consent opens them", async () => {
    const asked: string[] = [];
    const source = new SubgraphSource({
      name: "transactions",
      gate: new RepresentationGate(INDEX),
      echo: new Echo(),
      signPermit: async (_authorized, { merchants }) => [...(merchants ?? [])].join(),
      transport: async ({ permit }) => {
        asked.push(permit ?? "");
        return { data: { _entities: [] } };
      },
    });
    const ask = async (fields: string, authorized = authorizedOf()): Promise<string | undefined> => {
      asked.length = 0;
      const query = `query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Merchant { ${fields} } } }`;
      const representations = [ALICE, BOB].map((id) => ({ __typename: "Merchant", id }));
      await source.process({
        request: { query, variables: { representations } },
        context: { authorized },
      } as never);
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
    const sign = createSignPermit(await createSigner(key), "gateway", clock);
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

describe("records in the answer", () => {
  test("leave where they were opened, and are withheld beside the figures with rule and article elsewhere", () => {
    const released = release(fetchedOf(authorizedOf()), INDEX);
    expect(JSON.parse(JSON.stringify(released.data))).toEqual({
      merchants: [
        { id: ALICE, sales: { count: 7, single: [{ id: `order-of-${ALICE}` }] }, payouts: null },
        { id: BOB, sales: { count: 7, single: null }, payouts: null },
      ],
    });
    expect(JSON.stringify(released)).not.toContain("payout-of");
    expect(JSON.stringify(released.data)).not.toContain(`order-of-${BOB}`);
    const level = (path: readonly (string | number)[], category: string, article: string) => ({
      path,
      extensions: {
        code: "LEVEL_NOT_CONSENTED",
        category,
        rule: "consent.level",
        article,
        fix: expect.any(String),
      },
    });
    expect(released.errors).toMatchObject([
      level(["merchants", 0, "payouts"], "SETTLEMENTS", "征信业务管理办法 第二十四条"),
      level(["merchants", 1, "sales", "single"], "TRANSACTIONS", "征信业管理条例 第二十条"),
      level(["merchants", 1, "payouts"], "SETTLEMENTS", "征信业管理条例 第二十条"),
    ]);
    expect([...(released.records.get(ALICE) ?? [])]).toEqual(["TRANSACTIONS"]);
    expect([...(released.records.get(BOB) ?? [])]).toEqual([]);
  });

  test("of a category that is withheld whole are told with the category's own code", () => {
    const inquiry = inquiryOf(BOB, { categories: ["SETTLEMENTS"] });
    const authorized = authorizedOf([inquiry]);
    const fetched = { ...fetchedOf(authorized), data: { merchants: [merchantOf(BOB)] } } as Fetched;
    const released = release(fetched, INDEX);
    expect(released.errors.map(({ path, extensions }) => [path?.join("."), extensions["code"]])).toEqual([
      ["merchants.0.sales", "SCOPE_NOT_CONSENTED"],
      ["merchants.0.payouts", "LEVEL_NOT_CONSENTED"],
    ]);
  });

  test("are on record by level, and what fell short of the decision as well", async () => {
    const entries: InquiryEntry[] = [];
    const log = {
      append: async (some: readonly InquiryEntry[]) => {
        entries.push(...some);
        return some.map(({ inquiryId }) => ({ inquiryId, recordedAt: NOW, leafHash: "" }));
      },
    };
    const authorized = authorizedOf();
    const recording = createRecord(log)(authorized);
    const withdrawn = narrowed(openRecords(), decide([], { ...asked(ALICE) }, CN_RULEBOOK, NOW));
    const later = release(fetchedOf(authorizedOf([withdrawn, figuresOnly()])), INDEX);
    await recording.complete(later);
    const levels = entries.map(({ stage, merchant, released, askedRecords, releasedRecords }) => [
      stage,
      merchant,
      released,
      askedRecords,
      releasedRecords,
    ]);
    const both = ["TRANSACTIONS", "SETTLEMENTS"];
    expect(levels).toEqual([
      // Nothing of the settlements leaves: single payouts alone were asked for, and nobody opens them.
      ["DECIDED", ALICE, ["TRANSACTIONS"], both, ["TRANSACTIONS"]],
      ["DECIDED", BOB, ["TRANSACTIONS"], both, []],
      ["WITHHELD", ALICE, [], both, []],
    ]);
  });

  test("come with level, accounts, stage, expiry and remaining uses in the note of the inquiry", () => {
    const loan = {
      purposeText: { en: "", zh: "" },
      categories: ["TRANSACTIONS" as const],
      lookbackMonths: 6,
      frequency: { count: 3, period: "MONTH" as const },
      lifeDays: 365,
    };
    const staged = inquiryOf(BOB, { loan });
    const released = release(fetchedOf(authorizedOf([openRecords(), staged])), INDEX);
    const { extensions } = answer({ released, receipts: new Map() } as unknown as Recorded);
    expect(extensions?.["inquiries"]).toMatchObject([
      {
        merchant: ALICE,
        decision: "PART_GRANTED",
        remainingUses: 9,
        consentExpiresAt: "2026-05-01T00:00:00.000Z",
        granted: [
          { category: "TRANSACTIONS", level: "RECORDS" },
          { category: "SETTLEMENTS", level: "SUMMARY" },
        ],
        withheld: [{ category: "SETTLEMENTS", level: "RECORDS", code: "LEVEL_NOT_CONSENTED" }],
        accounts: ACCOUNTS,
        stage: null,
      },
      { merchant: BOB, accounts: null, stage: "PRE_LOAN" },
    ]);
  });
});

describe("an inquiry that is taken back", () => {
  test("loses its records with its use, each level with the article of its merchant", () => {
    const inquiry = exhausted(openRecords(), CN_RULEBOOK);
    expect([inquiry.granted.size, inquiry.records.size]).toEqual([0, 0]);
    for (const withheld of [inquiry.withheld, inquiry.withheldRecords])
      expect(withheld.get("TRANSACTIONS")).toMatchObject({
        code: "CONSENT_EXHAUSTED",
        facts: { rule: "consent.frequency", article: "征信业务管理办法 第二十四条" },
      });
    expect(inquiry.rules.map(({ category, level }) => `${category} ${level}`)).toEqual([
      "TRANSACTIONS SUMMARY",
      "SETTLEMENTS SUMMARY",
      "TRANSACTIONS RECORDS",
      "SETTLEMENTS RECORDS",
    ]);
  });

  test("can lose its records alone, and never gains", () => {
    const before = openRecords();
    const less = decide([consentOf(ALICE, {})], asked(ALICE), CN_RULEBOOK, NOW);
    const after = narrowed(before, less);
    expect([[...after.granted], [...after.records]]).toEqual([["TRANSACTIONS", "SETTLEMENTS"], []]);
    expect(after.decision).toBe("PART_GRANTED");
    expect(after.withheldRecords.get("TRANSACTIONS")?.code).toBe("LEVEL_NOT_CONSENTED");
    const more = decide(
      [consentOf(ALICE, { records: ["TRANSACTIONS", "SETTLEMENTS"] })],
      asked(ALICE),
      CN_RULEBOOK,
      NOW,
    );
    expect(narrowed(before, more)).toBe(before);
  });
});

function asked(merchant: string) {
  const categories: readonly Category[] = ["TRANSACTIONS", "SETTLEMENTS"];
  const purpose = "PRE_LOAN_ASSESSMENT" as const;
  return {
    bank: "demo-bank",
    merchant,
    purpose,
    categories,
    records: categories,
    tokenDetails: principal.details,
  };
}
