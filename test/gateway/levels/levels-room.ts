import { buildSchema, type OperationDefinitionNode, parse } from "graphql";
import { toInquiry } from "../../../gateway/authorize/inquiry-of.js";
import type { Authorized, Fetched, Inquiry, Operation, Question } from "../../../gateway/inquiry.js";
import type { PolicyIndex } from "../../../gateway/policies.js";
import type { Category } from "../../../schema/categories.js";
import type { Principal } from "../../../schema/claims.js";
import { decide } from "../../../schema/consent.js";
import type { LedgerConsent } from "../../../schema/consent-terms.js";
import { CN_RULEBOOK } from "../../../schema/rulebook.js";

export const ALICE = "91990100MA0000A193";
export const BOB = "92990100MA0000B234";
export const NOW = new Date("2026-03-15T04:00:00.000Z");
export const ACCOUNTS = [{ platform: "taoyuan-market", sellerId: "tea-house" }];

export const SCHEMA = buildSchema(`
  type Query { merchants(ids: [ID!]!): [Merchant] }
  type Merchant { id: ID! transactions: Transactions payouts: [Payout!] }
  type Transactions { count: Int orders: [Order!] }
  type Order { id: ID! }
  type Payout { id: ID! }
`);
const RECORDS_OF = (category: string): readonly (readonly string[])[] => [
  [`consent:${category}`, `records:${category}`],
];
export const INDEX: PolicyIndex = {
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

export const TEXT = `query($ids: [ID!]!) { merchants(ids: $ids) { id
  sales: transactions { count single: orders { id } }
  payouts { id } } }`;

export function operationOf(text: string): Operation {
  const document = parse(text);
  return {
    schema: SCHEMA,
    document,
    definition: document.definitions[0] as OperationDefinitionNode,
    variables: { ids: [ALICE, BOB] },
    sha256: "",
  };
}

export const principal: Principal = {
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

export function consentOf(merchant: string, over: Partial<LedgerConsent["terms"]>): LedgerConsent {
  const terms: LedgerConsent["terms"] = {
    consentId: `consent-of-${merchant}`,
    version: 1,
    merchant,
    bank: "demo-bank",
    purpose: "PRE_LOAN_ASSESSMENT",
    categories: ["TRANSACTIONS", "SETTLEMENTS"],
    lookbackMonths: 3,
    startsAt: "2026-03-01T00:00:00.000Z",
    expiresAt: "2026-05-01T00:00:00.000Z",
    frequency: { count: 10, period: "MONTH" },
    rulebook: CN_RULEBOOK.version,
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

export function inquiryOf(merchant: string, terms: Partial<LedgerConsent["terms"]>): Inquiry {
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
export function authorizedOf(inquiries: readonly Inquiry[] = [openRecords(), figuresOnly()]): Authorized {
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
export const openRecords = (): Inquiry => inquiryOf(ALICE, { records: ["TRANSACTIONS"], accounts: ACCOUNTS });
export const figuresOnly = (): Inquiry => inquiryOf(BOB, {});

export const merchantOf = (id: string) => ({
  __typename: "Merchant",
  id,
  sales: { __typename: "Transactions", count: 7, single: [{ __typename: "Order", id: `order-of-${id}` }] },
  payouts: [{ __typename: "Payout", id: `payout-of-${id}` }],
});
export const fetchedOf = (authorized: Authorized): Fetched =>
  ({
    authorized,
    data: { merchants: [merchantOf(ALICE), merchantOf(BOB)] },
    errors: [],
  }) as unknown as Fetched;

/** The question that the operation asks about one merchant. */
export function asked(merchant: string) {
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
