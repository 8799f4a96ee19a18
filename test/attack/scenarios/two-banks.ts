import type { Subgraph } from "../../../schema/subgraph.js";
import { ALICE, bankToken, grant, publishTwoMerchants } from "../../support/actors.js";
import { type GraphQLReply, startTestBureau, type TestBureau } from "../../support/bureau.js";

/** Alice opens who she is and her reviews to the one bank, and only who she is to the other. */
export const WIDE = "wide-bank";
export const NARROW = "narrow-bank";

export interface TwoBanks {
  readonly bureau: TestBureau;
  /** Requests to subgraphs: for whom, and the body. */
  readonly requests: { readonly asker: string; readonly body: string }[];
  ask(bank: string, text: string): Promise<GraphQLReply>;
}

export async function startTwoBanks(): Promise<TwoBanks> {
  const requests: { asker: string; body: string }[] = [];
  const subgraph = (real: Subgraph): Subgraph => ({
    ...real,
    execute: (request) => {
      const claims = Buffer.from(request.permit?.split(".")[1] ?? "", "base64url").toString();
      requests.push({ asker: String((JSON.parse(claims) as { sub?: string }).sub), body: request.body });
      return real.execute(request);
    },
  });
  const bureau = await startTestBureau({ seams: { subgraph } });
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE, { bank: WIDE, categories: ["IDENTITY", "REVIEWS"] });
  await grant(bureau, ALICE, { bank: NARROW, categories: ["IDENTITY"] });
  const tokens = new Map(
    await Promise.all([WIDE, NARROW].map(async (bank) => [bank, await bankToken(bureau, bank)] as const)),
  );
  return { bureau, requests, ask: (bank, text) => bureau.graphql(tokens.get(bank), text) };
}

/** Another text each time, so that no plan of an earlier one is there. */
export function operationOf(nth: number): string {
  return `query N${nth} { merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { identity { legalName } reviews { reviewCount { value } } } }`;
}

/** Both banks ask the same operation in either order and at once; what one of them got that is the other's. */
export async function askInTurns({ ask, requests }: TwoBanks): Promise<readonly string[]> {
  const breaches = new Set<string>();
  const judge = (how: string, bank: string, reply: GraphQLReply): void => {
    const { identity, reviews } = reply.data?.merchant ?? {};
    const isOwn =
      bank === WIDE
        ? reviews?.reviewCount?.value === 1 && reply.errors.length === 0
        : reviews === null && reply.errors.length === 1;
    if (!isOwn || identity?.legalName !== "Alice Trading")
      breaches.add(`${how}: ${bank} got the other's answer`);
  };
  requests.length = 0;
  const orders = { "wide first": [WIDE, NARROW], "narrow first": [NARROW, WIDE] };
  for (const [n, [how, banks]] of Object.entries(orders).entries()) {
    for (const bank of [...banks, ...banks]) judge(how, bank, await ask(bank, operationOf(n)));
  }
  for (let n = 2; n < 5; n++) {
    const banks = Array.from({ length: 8 }, (_, i) => ((i + n) % 2 === 0 ? WIDE : NARROW));
    const replies = await Promise.all(banks.map((bank) => ask(bank, operationOf(n))));
    for (const [i, bank] of banks.entries()) judge("at once", bank, replies[i] as GraphQLReply);
  }
  if (requests.some(({ asker, body }) => asker === NARROW && body.includes("reviews")))
    breaches.add("reviews were fetched for the bank that may not see them");
  return [...breaches].toSorted();
}
