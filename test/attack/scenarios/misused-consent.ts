import { setTimeout as delay } from "node:timers/promises";
import type { TokenRequest } from "../../../scripts/demo/test-issuer.js";
import { ALICE, BOB, grant, PROFILE, publishTwoMerchants } from "../../support/actors.js";
import { type GraphQLReply, startTestBureau, type TestBureau } from "../../support/bureau.js";

const MUTATION = "mutation($input: ConsentIdInput!)";
const SHORT_MS = 1_200;

/** A use of a consent that it does not allow, and the code of the refusal. */
export interface Misuse {
  readonly how: string;
  readonly token: Omit<TokenRequest, "party">;
  readonly purpose?: string;
  readonly code: string;
}

/** All of Alice's profile, each time by somebody or in a way that her consents do not cover. */
export const MISUSES: readonly Misuse[] = [
  { how: "by another bank", token: { id: "second-bank" }, code: "CONSENT_REQUIRED" },
  {
    how: "for another purpose",
    token: { id: "demo-bank" },
    purpose: "FRAUD_PREVENTION",
    code: "PURPOSE_NOT_CONSENTED",
  },
  { how: "after its end", token: { id: "late-bank" }, code: "CONSENT_EXPIRED" },
  { how: "before its start", token: { id: "early-bank" }, code: "CONSENT_NOT_YET_ACTIVE" },
  { how: "while it is paused", token: { id: "paused-bank" }, code: "CONSENT_PAUSED" },
  { how: "after it was revoked", token: { id: "revoked-bank" }, code: "CONSENT_REVOKED" },
  { how: "once more than agreed", token: { id: "frequent-bank" }, code: "CONSENT_EXHAUSTED" },
  {
    how: "with a token for another merchant",
    token: { id: "demo-bank", merchants: [BOB] },
    code: "SCOPE_NOT_AUTHORIZED",
  },
  {
    how: "with a token for another purpose",
    token: { id: "demo-bank", purposes: ["COLLECTION"] },
    code: "SCOPE_NOT_AUTHORIZED",
  },
];

/** A bureau in which Alice has given each bank of {@link MISUSES} the consent that it misuses. */
export async function startMisusedBureau(): Promise<TestBureau> {
  const bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  const merchant = await bureau.token({ party: "merchant", id: ALICE });
  const change = (field: string, consentId: string) =>
    bureau.graphql(merchant, `${MUTATION} { ${field}(input: $input) { id } }`, { input: { consentId } });
  const given = (bank: string, over: object = {}) => grant(bureau, ALICE, { bank, ...over });
  const at = (ms: number) => new Date(bureau.clock.now().getTime() + ms).toISOString();
  await given("demo-bank");
  await given("late-bank", { expiresAt: at(SHORT_MS) });
  await given("early-bank", { startsAt: at(86_400_000) });
  await change("pauseConsent", await given("paused-bank"));
  await change("revokeConsent", await given("revoked-bank"));
  await given("frequent-bank", { frequency: { count: 1, period: "TOTAL" } });
  await askFor(bureau, { how: "", token: { id: "frequent-bank" }, code: "" });
  await delay(SHORT_MS + 100);
  return bureau;
}

export async function askFor(bureau: TestBureau, { token, purpose }: Misuse): Promise<GraphQLReply> {
  const variables = { id: ALICE, ...(purpose === undefined ? {} : { purpose }) };
  return bureau.graphql(await bureau.token({ party: "bank", ...token }), PROFILE, variables);
}

/** The ways in which Alice's values came out. */
export async function misuseAll(bureau: TestBureau): Promise<readonly string[]> {
  const breaches: string[] = [];
  for (const misuse of MISUSES) {
    const reply = await askFor(bureau, misuse);
    if (JSON.stringify(reply).includes("Alice Trading")) breaches.push(misuse.how);
  }
  return breaches;
}
