import { randomFrom } from "../../statistics.js";

const METRICS = {
  "transactions(window: { months: 12 })": [
    "gmvPaid { amount { minor currency } n }",
    "netSales { amount { minor } sources }",
    "returnsAmount { amount { minor } }",
    "orderCount { value n }",
    "averageOrderValue { amount { minor } reason }",
    "refundRateAmount { value reason }",
    "cancelRatePreShip { value }",
    "growthMoM { value formula }",
    "volatilityCv { value }",
    "activeMonthRatio { value coverage }",
    "months { month orderCount netSales { minor } }",
    "platforms { platform share }",
  ],
  "settlements(window: { months: 12 })": [
    "settledRevenue { amount { minor } }",
    "fees { amount { minor } }",
    "cashConversionDays { value }",
    "platformDso { value reason }",
    "confirmToSettle { p50 p90 }",
  ],
  "logistics(window: { months: 12 })": [
    "onTimeShipRate { value }",
    "validTrackingRate { value n }",
    "payToShip { p50 }",
  ],
  "reviews(window: { months: 12 })": [
    "reviewCount { value }",
    "reviewScoreBayes { value }",
    "months { month mean }",
  ],
  "social(window: { months: 12 })": [
    "followers { value }",
    "engagementRate { value }",
    "months { month views }",
  ],
} as const;
const IDENTITY = [
  "legalName",
  "regime",
  "usccChecksumValid",
  "tenure { days }",
  "accounts { platform kind }",
];

/**
 * One of arbitrarily many operations about a merchant: some fields of some categories, drawn by the seed, and an alias that
 * no other has, so that no two are the same text. `isSmall` stays within IDENTITY, which one subgraph answers.
 */
export function distinctOperation(nth: number, seed: number, isSmall = false): string {
  const random = randomFrom(seed * 1_000_003 + nth + 1);
  for (let i = 0; i < 5; i += 1) random(2);
  const some = (fields: readonly string[]): string => {
    const chosen = fields.filter(() => random(2) === 1);
    return (chosen.length === 0 ? fields.slice(0, 1) : chosen).join(" ");
  };
  const parts = [`identity { ${some(IDENTITY)} }`];
  for (const [field, metrics] of Object.entries(METRICS)) {
    if (!isSmall && random(3) > 0) parts.push(`${field} { ${some(metrics)} }`);
  }
  return `query Distinct($id: MerchantId!, $purpose: Purpose!, $reference: String!) {
  merchant(id: $id, purpose: $purpose, reference: $reference) { n${nth}: id ${parts.join(" ")} } }`;
}

/**
 * Two short documents that are long once their fragments are expanded: each level spreads the one below it twice. A planner
 * without a bound of its own takes seconds for them.
 */
export const PLAN_BOMBS: Readonly<Record<"spreads, 20 levels" | "aliases, 12 levels", string>> = {
  "spreads, 20 levels": bomb(20, (below) => `...${below} ...${below}`, "id"),
  "aliases, 12 levels": bomb(12, (below) => `a: me { ...${below} } b: me { ...${below} }`, "id"),
};

function bomb(levels: number, twice: (below: string) => string, leaf: string): string {
  const fragments = Array.from({ length: levels }, (_, i) =>
    i === 0 ? `fragment F0 on Merchant { ${leaf} }` : `fragment F${i} on Merchant { ${twice(`F${i - 1}`)} }`,
  );
  return `{ me { ...F${levels - 1} } } ${fragments.join(" ")}`;
}
