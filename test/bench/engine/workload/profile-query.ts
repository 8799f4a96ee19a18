import { sha256Hex } from "../../../../foundation/tokens.js";

/** What each subgraph's part of the unified profile asks for; written once, so that all contenders ask the same. */
export const SELECTIONS = {
  merchants: `identity { legalName regime usccChecksumValid tenure { firstAccountOpenedAt days } accounts { platform kind role openedAt region confidence } }`,
  transactions: `transactions(window: { months: 12 }) {
      gmvPaid { ...Amount } netSales { ...Amount } returnsAmount { ...Amount }
      orderCount { ...Figure } averageOrderValue { ...Amount } refundRateAmount { ...Figure } cancelRatePreShip { ...Figure }
      growthMoM { ...Figure } volatilityCv { ...Figure } activeMonthRatio { ...Figure } buyerRepeatRate { ...Figure }
      months { month orderCount gmvPaid { minor currency } netSales { minor } }
      platforms { platform orderCount gmvPaid { minor } share }
      concentration { dimension keyCount concentrationHhi { value } topNShare(n: 1) { value } }
    }
    settlements(window: { months: 12 }) {
      settledRevenue { ...Amount } fees { ...Amount } cashConversionDays { ...Figure } platformDso { ...Figure }
      receivablesInTransit { ...Amount } expectedCollectible { ...Amount } confirmToSettle { p50 p90 n }
    }
    logistics(window: { months: 12 }) {
      onTimeShipRate { ...Figure } lateShipmentRate { ...Figure } validTrackingRate { ...Figure } payToShip { p50 p90 n }
    }`,
  signals: `reviews(window: { months: 12 }) {
      reviewCount { ...Figure } reviewScoreBayes { ...Figure } negativeShare { ...Figure } reviewReplyMedianHours { ...Figure }
      months { month count mean negative }
    }
    social(window: { months: 12 }) {
      followers { ...Figure } followerGrowth { ...Figure } engagementRate { ...Figure } posts { ...Figure }
      months { month followers posts views engagements }
    }`,
} as const;

/** The fragments that the selections spread. */
export const FRAGMENTS = {
  Amount: "fragment Amount on MoneyMetric { amount { minor currency } n verification sources reason }",
  Figure: "fragment Figure on Metric { value n verification sources reason }",
} as const;

const VARIABLES = "$id: MerchantId!, $purpose: Purpose!, $reference: String!";
const ROOT = "merchant(id: $id, purpose: $purpose, reference: $reference)";

/**
 * The unified credit profile of one merchant, from every subgraph that owns a part of it: merchants, transactions, signals.
 * The other two, consents and inquiries, are asked by the gateway itself: a check, a use and a record for each request.
 */
export const PROFILE_QUERY = `query UnifiedCreditProfile(${VARIABLES}) {
  ${ROOT} {
    id
    ${SELECTIONS.merchants}
    ${SELECTIONS.transactions}
    ${SELECTIONS.signals}
  }
}
${Object.values(FRAGMENTS).join("\n")}
`;

/** What hand-written code asks the subgraphs, in the waves that a planner would choose: first, then both others. */
export const SUBGRAPH_QUERIES = {
  merchants: `query(${VARIABLES}) { ${ROOT} { __typename id ${SELECTIONS.merchants} } }`,
  transactions: entityQuery("transactions", ["Amount", "Figure"]),
  signals: entityQuery("signals", ["Figure"]),
} as const;

function entityQuery(subgraph: "transactions" | "signals", fragments: readonly (keyof typeof FRAGMENTS)[]) {
  const spread = fragments.map((name) => FRAGMENTS[name]).join("\n");
  return `query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Merchant {
    ${SELECTIONS[subgraph]} } } }\n${spread}`;
}

/** The query's name as a trusted document (lower-case hex SHA-256 of its text). */
export const PROFILE_DOCUMENT_ID = `sha256:${sha256Hex(PROFILE_QUERY)}`;

/** The variables of one inquiry. */
export function profileVariables(merchant: string): Readonly<Record<string, string>> {
  return { id: merchant, purpose: "PRE_LOAN_ASSESSMENT", reference: "CASE-2026-0417" };
}

/** A short profile of many merchants at once: what a bank looks at before it looks closer. */
export const PORTFOLIO_QUERY = `query Portfolio($inquiries: [InquiryInput!]!) {
  merchants(inquiries: $inquiries) {
    id
    identity { legalName regime }
    transactions(window: { months: 12 }) { orderCount { value n } gmvPaid { amount { minor currency } n } }
    reviews(window: { months: 12 }) { reviewCount { value n } }
  }
}`;
