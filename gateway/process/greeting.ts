/** What a stranger is shown once the bureau listens. */
export interface GreetingFacts {
  readonly url: string;
  readonly bankToken: string;
  readonly merchantToken: string;
  readonly platformToken: string;
  readonly merchant: string;
  readonly bank: string;
  readonly platform: string;
  /** A seller account of the merchant at the platform. */
  readonly sellerId: string;
  /** An RFC 3339 instant for the example record. */
  readonly now: string;
  readonly expiresAt: string;
}

/** The address and ready-to-paste commands: a bank reads, a merchant grants and revokes, a platform publishes. */
export function greeting(facts: GreetingFacts): string {
  const { url, merchant, bank } = facts;
  const profile =
    'query($id: MerchantId!) { merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "CASE-1") ' +
    "{ id identity { legalName } transactions(window: {months: 12}) { gmvPaid { amount { minor currency } n } orderCount { value } } } }";
  const grant = "mutation($in: GrantConsentInput!) { grantConsent(input: $in) { id state expiresAt } }";
  const revoke = "mutation($in: ConsentIdInput!) { revokeConsent(input: $in) { id state } }";
  const grantInput = {
    bank,
    purpose: "PRE_LOAN_ASSESSMENT",
    categories: ["IDENTITY", "TRANSACTIONS", "REVIEWS"],
    lookbackMonths: 12,
    expiresAt: facts.expiresAt,
  };
  const order = {
    orderId: "hello-1",
    sellerId: facts.sellerId,
    currency: "CNY",
    totalMinor: 8_800,
    createdAt: facts.now,
    paidAt: facts.now,
  };
  return `
Xinqiao listens at ${url}/graphql  (development tokens below are good for an hour; npm run token makes more)

1. A bank reads a profile (the demo merchant ${merchant} has granted ${bank} a consent):

${graphql(url, facts.bankToken, profile, { id: merchant })}

2. The merchant revokes that consent and grants another (take the id from the first answer; then run 1 again):

${graphql(url, facts.merchantToken, "{ consents(first: 1) { nodes { id bank state categories } } }", {})}

${graphql(url, facts.merchantToken, revoke, { in: { consentId: "PASTE-THE-ID" } })}

${graphql(url, facts.merchantToken, grant, { in: grantInput })}

3. A platform publishes an order:

curl -sS '${url}/feeds/order' -H 'authorization: Bearer ${facts.platformToken}' \\
  -H 'content-type: application/x-ndjson' -H 'idempotency-key: hello-1' \\
  --data-binary '${JSON.stringify(order)}'

npm run demo tells the whole story. Ctrl-C stops.
`;
}

function graphql(url: string, token: string, query: string, variables: object): string {
  const body = JSON.stringify({ query, variables });
  return `curl -sS '${url}/graphql' -H 'authorization: Bearer ${token}' \\
  -H 'content-type: application/json' \\
  --data-binary '${body}'`;
}
