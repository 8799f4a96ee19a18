/** What a stranger is shown once the bureau listens. */
export interface GreetingFacts {
  readonly url: string;
  /** Where the private keys of the market's clients are. */
  readonly dataFolder: string;
  /** Where the login and the password of the person who acts for the demo merchant are. */
  readonly passwordFile: string;
  readonly merchant: string;
  readonly bank: string;
  readonly otherBank: string;
  readonly platform: string;
  /** A seller account of the merchant at the platform. */
  readonly sellerId: string;
  /** An RFC 3339 instant for the example record. */
  readonly now: string;
  readonly expiresAt: string;
}

/** The address and ready-to-paste commands: a bank reads, a merchant grants and revokes, a platform publishes. */
export function greeting(facts: GreetingFacts): string {
  const { url, merchant, bank, platform } = facts;
  const profile =
    'query($id: MerchantId!) { merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "CASE-1") ' +
    "{ id identity { legalName } transactions(window: {months: 12}) { gmvPaid { amount { minor currency } n } orderCount { value } } } }";
  const grant = "mutation($in: GrantConsentInput!) { grantConsent(input: $in) { id state expiresAt } }";
  const revoke = "mutation($in: ConsentIdInput!) { revokeConsent(input: $in) { id state } }";
  const revokeBody = `'${JSON.stringify({ query: revoke, variables: { in: { consentId: "ID" } } }).replace('"ID"', `"'"$ID"'"`)}'`;
  const grantInput = {
    bank: facts.otherBank,
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
  const token = (party: string): string =>
    `XINQIAO_DATA_FOLDER='${facts.dataFolder}' npm run --silent token -- ${party} --url '${url}'`;
  return `
Xinqiao listens at ${url}/graphql, its authorization server at ${url}/oauth
A merchant answers requests for consent at ${url}/oauth/requests (login and password: ${facts.passwordFile})

Paste these in another terminal, in this folder; each takes a real token from the authorization server.

1. A bank reads a profile (the demo merchant ${merchant} has granted ${bank} a consent):

${token(`--bank '${bank}'`)} \\
  --ask '${JSON.stringify({ query: profile, variables: { id: merchant } })}'

2. The merchant grants a second bank a consent, and revokes it:

MERCHANT=$(${token(`--merchant '${merchant}'`)})
ID=$(${graphqlText(url, `'${JSON.stringify({ query: grant, variables: { in: grantInput } })}'`)} | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
echo "granted $ID"
${graphqlText(url, revokeBody)}

3. A platform publishes an order:

PLATFORM=$(${token(`--platform '${platform}'`)})
curl -sS '${url}/feeds/order' -H "authorization: Bearer $PLATFORM" \\
  -H 'content-type: application/x-ndjson' -H 'idempotency-key: hello-1' \\
  --data-binary '${JSON.stringify(order)}'

npm run demo tells the whole story. Ctrl-C stops.
`;
}

/** `quoted` is the body as the shell shall read it. */
function graphqlText(url: string, quoted: string): string {
  return `curl -sS '${url}/graphql' -H "authorization: Bearer $MERCHANT" \\
  -H 'content-type: application/json' --data-binary ${quoted}`;
}
