import { parseArgs } from "node:util";
import { account, MERCHANT, orders, PLATFORM, reviews } from "./demo/records.js";
import { type GraphQLReply, openStage, type Stage } from "./demo/stage.js";

const HELP = `Tells what Xinqiao does, with real requests and answers, on a bureau that it starts and takes away again.

  npm run demo
`;

const PROFILE = `query($id: MerchantId!) {
  merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "LOAN-2026-001") {
    identity { legalName }
    transactions(window: { months: 12 }) {
      gmvPaid { amount { minor currency } n sources }
      averageOrderValue { amount { minor currency } n reason }
    }
    reviews(window: { months: 12 }) { reviewScoreBayes { value n reason } }
  }
}`;
const REQUEST =
  "mutation($input: RequestConsentInput!) { requestConsent(input: $input) { id state categories lookbackMonths } }";
const APPROVE =
  "mutation($input: ApproveConsentRequestInput!) { approveConsentRequest(input: $input) { id state categories expiresAt } }";
const REVOKE = "mutation($input: ConsentIdInput!) { revokeConsent(input: $input) { id state } }";
const WHO_ASKED = "{ inquiries(first: 5) { nodes { at bank purpose decision asked released } } }";

const { values } = parseArgs({ options: { help: { type: "boolean" } } });
if (values.help === true) process.stdout.write(HELP);
else await tell();

async function tell(): Promise<void> {
  say("Starting a bureau of its own: PostgreSQL, five subgraphs, one gateway ...");
  const stage = await openStage();
  try {
    await play(stage);
    say(
      "That is the whole of it: banks ask one endpoint; each field leaves only under the merchant's live consent,\nfor the purpose stated, and nothing leaves before the inquiry is on record.",
    );
  } finally {
    await stage.close();
  }
}

async function play(stage: Stage): Promise<void> {
  const now = new Date();
  const [platform, bank, merchant] = await Promise.all([
    stage.token({ party: "platform", id: PLATFORM }),
    stage.token({ party: "bank", id: "demo-bank" }),
    stage.token({ party: "merchant", id: MERCHANT }),
  ]);
  step(
    1,
    `The platform ${PLATFORM} publishes: an account, orders (one broken, one of an unknown shop), reviews.`,
  );
  show("POST /feeds/account", await stage.publish(platform, "account", "demo-a", [account()]));
  show("POST /feeds/order", await stage.publish(platform, "order", "demo-o", orders(now)));
  show("POST /feeds/review", await stage.publish(platform, "review", "demo-r", reviews(now)));

  step(2, "The bank asks for the profile without a consent. It gets nothing, and the refusal is on record.");
  expectNoData(show("query merchant", await stage.graphql(bank, PROFILE, { id: MERCHANT })));

  step(3, "The bank requests consent to identity, transactions, reviews and social signals, 24 months back.");
  const requested = await stage.graphql(bank, REQUEST, {
    input: {
      merchant: MERCHANT,
      purpose: "PRE_LOAN_ASSESSMENT",
      categories: ["IDENTITY", "TRANSACTIONS", "REVIEWS", "SOCIAL"],
      lookbackMonths: 24,
      expiresAt: new Date(now.getTime() + 60 * 86_400_000).toISOString(),
      frequency: { count: 10, period: "MONTH" },
    },
  });
  show("mutation requestConsent", requested);

  step(4, "The merchant approves, and narrows: identity and transactions only, 12 months back.");
  const requestId = read(requested, "requestConsent", "id");
  const approved = await stage.graphql(merchant, APPROVE, {
    input: { requestId, categories: ["IDENTITY", "TRANSACTIONS"], lookbackMonths: 12 },
  });
  show("mutation approveConsentRequest", approved);

  step(
    5,
    "The bank asks again. What is consented is there; the reviews are withheld, with the rule and the article.",
  );
  const granted = show("query merchant", await stage.graphql(bank, PROFILE, { id: MERCHANT }));
  if ((granted.data?.["merchant"] ?? null) === null)
    throw new Error("the granted inquiry should have been answered");

  step(6, "The merchant revokes.");
  const consentId = read(approved, "approveConsentRequest", "id");
  show("mutation revokeConsent", await stage.graphql(merchant, REVOKE, { input: { consentId } }));

  step(7, "The bank asks once more: refused, from the very next inquiry.");
  expectNoData(show("query merchant", await stage.graphql(bank, PROFILE, { id: MERCHANT })));

  step(8, "The merchant reads who asked, why, and what they got.");
  show("query inquiries", await stage.graphql(merchant, WHO_ASKED));
}

function expectNoData(reply: GraphQLReply): void {
  if ((reply.data?.["merchant"] ?? null) !== null) throw new Error("the inquiry should have been refused");
}

function read(reply: GraphQLReply, ...keys: string[]): string {
  let value: unknown = reply.data;
  for (const key of keys) value = (value as Record<string, unknown> | null)?.[key];
  if (typeof value !== "string")
    throw new Error(`the answer holds no ${keys.join(".")}: ${JSON.stringify(reply)}`);
  return value;
}

function show<T>(request: string, answer: T): T {
  say(`   > ${request}\n${JSON.stringify(answer, null, 2).replaceAll(/^/gm, "     ")}`);
  return answer;
}

function step(number: number, text: string): void {
  say(`\n${number}. ${text}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
