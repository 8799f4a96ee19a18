import type { Category } from "../../schema/categories.js";
import type { PlatformAccount } from "../../schema/claims.js";
import type { Purpose } from "../../schema/purposes.js";
import type { TestBureau } from "./bureau.js";

/** Valid synthetic codes: division 99xxxx is unassigned, so no real firm has them. */
export const ALICE = "91990100MA0000A193";
export const BOB = "92990100MA0000B234";
export const NOBODY = "93990100MA0000C387";
/** Never published either; a sole trader like Bob, whom the same articles protect. */
export const STRANGER = "92990100MA00000070";

export const MARKETPLACE = "taoyuan-market";

const GRANT = `mutation($input: GrantConsentInput!) { grantConsent(input: $input) { id state } }`;
const REVOKE = `mutation($input: ConsentIdInput!) { revokeConsent(input: $input) { id state } }`;

/** A profile query that touches every subgraph and every category that is served. */
export const PROFILE = `query($id: MerchantId!, $purpose: Purpose! = PRE_LOAN_ASSESSMENT, $reference: String! = "CASE-1") {
  merchant(id: $id, purpose: $purpose, reference: $reference) {
    id
    identity { legalName }
    transactions(window: { months: 12 }) { orderCount { value } gmvPaid { amount { minor currency } } }
    settlements(window: { months: 12 }) { settledRevenue { amount { minor } } }
    logistics(window: { months: 12 }) { onTimeShipRate { value n } }
    reviews(window: { months: 12 }) { reviewCount { value } }
    social(window: { months: 12 }) { followers { value } }
  }
}`;

export interface GrantInput {
  readonly bank?: string;
  readonly purpose?: Purpose;
  readonly categories?: readonly Category[];
  readonly records?: readonly Category[];
  readonly accounts?: readonly PlatformAccount[];
  readonly lookbackMonths?: number;
  readonly expiresAt?: string;
}

/** The merchant grants a consent of its own accord; resolves to its id. */
export async function grant(bureau: TestBureau, merchant: string, input: GrantInput = {}): Promise<string> {
  const reply = await bureau.graphql(await bureau.token({ party: "merchant", id: merchant }), GRANT, {
    input: {
      bank: "demo-bank",
      purpose: "PRE_LOAN_ASSESSMENT",
      categories: ["IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "LOGISTICS", "REVIEWS", "SOCIAL"],
      lookbackMonths: 12,
      expiresAt: new Date(bureau.clock.now().getTime() + 30 * 86_400_000).toISOString(),
      ...input,
    },
  });
  if (reply.errors.length > 0) throw new Error(JSON.stringify(reply.errors));
  return reply.data.grantConsent.id;
}

export async function revoke(bureau: TestBureau, merchant: string, consentId: string): Promise<void> {
  const reply = await bureau.graphql(await bureau.token({ party: "merchant", id: merchant }), REVOKE, {
    input: { consentId },
  });
  if (reply.errors.length > 0) throw new Error(JSON.stringify(reply.errors));
}

/** Publishes two merchants with an order each, so that a leak would have something to show. */
export async function publishTwoMerchants(bureau: TestBureau): Promise<void> {
  const at = new Date(bureau.clock.now().getTime() - 3 * 86_400_000).toISOString();
  const openedAt = "2020-01-01T00:00:00Z";
  const accounts = [
    { sellerId: "alice-shop", merchantId: ALICE, legalName: "Alice Trading", openedAt },
    { sellerId: "bob-shop", merchantId: BOB, legalName: "Bob Store", openedAt },
  ];
  const orders = ["alice", "bob"].map((name) => ({
    orderId: `${name}-1`,
    sellerId: `${name}-shop`,
    buyerId: `buyer-${name}`,
    currency: "CNY",
    totalMinor: 12_345,
    createdAt: at,
    paidAt: at,
    region: "Zhejiang",
  }));
  const reviews = ["alice", "bob"].map((name) => ({
    reviewId: `${name}-r1`,
    sellerId: `${name}-shop`,
    rating: 5,
    createdAt: at,
  }));
  for (const [kind, records] of [
    ["account", accounts],
    ["order", orders],
    ["review", reviews],
  ] as const) {
    const reply = await bureau.publish(MARKETPLACE, kind, records);
    if (reply.status !== 200 || reply.body.rejected > 0) throw new Error(JSON.stringify(reply.body));
  }
}

/** A bank's own token. */
export function bankToken(bureau: TestBureau, bank = "demo-bank"): Promise<string> {
  return bureau.token({ party: "bank", id: bank });
}
