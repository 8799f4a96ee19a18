import type { Subgraph, SubgraphAnswer } from "../../../schema/subgraph.js";
import { ALICE, bankToken, BOB, grant, publishTwoMerchants } from "../../support/actors.js";
import { type GraphQLReply, startTestBureau, type TestBureau } from "../../support/bureau.js";

/** What a subgraph answers instead of the truth; `body` is the request. */
export type Lie = (honest: SubgraphAnswer, body: string) => unknown;

/** A bureau in which any subgraph can be told to lie. Alice opens IDENTITY and REVIEWS, Bob nothing. */
export interface LyingBureau {
  readonly bureau: TestBureau;
  lie(name: string, lie: Lie): void;
  /** Alice, then Bob, in one portfolio. */
  portfolio(selection: string, variables?: Record<string, unknown>): Promise<GraphQLReply>;
  alice(selection: string): Promise<GraphQLReply>;
}

export async function startLyingBureau(): Promise<LyingBureau> {
  const lies = new Map<string, Lie>();
  const subgraph = (real: Subgraph): Subgraph => ({
    ...real,
    execute: async (request) => {
      const lie = lies.get(real.name);
      const honest = await real.execute(request);
      return lie === undefined ? honest : ((await lie(honest, request.body)) as SubgraphAnswer);
    },
  });
  const bureau = await startTestBureau({ seams: { subgraph }, settings: { subgraphTimeoutMs: 1_500 } });
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE, { categories: ["IDENTITY", "REVIEWS"] });
  const token = await bankToken(bureau);
  const inquiries = [ALICE, BOB].map((id) => ({ id, purpose: "PRE_LOAN_ASSESSMENT", reference: "C-1" }));
  return {
    bureau,
    lie: (name, lie) => {
      lies.clear();
      lies.set(name, lie);
    },
    portfolio: (selection, variables) =>
      bureau.graphql(
        token,
        `query($inquiries: [InquiryInput!]!) { merchants(inquiries: $inquiries) { ${selection} } }`,
        { inquiries, ...variables },
      ),
    alice: (selection) =>
      bureau.graphql(
        token,
        `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { ${selection} } }`,
      ),
  };
}

/** Bob, as a subgraph would hand him over to whoever did not ask. */
export const BOBS = { __typename: "Merchant", id: BOB, identity: { legalName: "Bob Store" } };

/**
 * Every way in which a subgraph tries to bring Bob's values into an answer that may hold Alice's only; the ways that
 * worked.
 */
export async function smuggleBob({ lie, portfolio, alice }: LyingBureau): Promise<readonly string[]> {
  const breaches: string[] = [];
  const judge = (how: string, reply: GraphQLReply): void => {
    if (JSON.stringify(reply).includes("Bob")) breaches.push(how);
  };
  const alices = { __typename: "Merchant", id: ALICE, identity: { legalName: "Alice Trading" } };
  lie("merchants", () => ({ data: { merchant: BOBS } }));
  judge("another merchant in place of the one asked about", await alice("identity { legalName }"));
  lie("merchants", () => ({ data: { merchants: [BOBS] } }));
  judge("another merchant in a portfolio", await portfolio("identity { legalName }"));
  lie("merchants", () => ({ data: { merchants: [alices, BOBS] } }));
  judge("a merchant more than asked about", await portfolio("identity { legalName }"));
  lie("merchants", () => ({ data: { merchant: { ...BOBS, __typename: "Consent", id: ALICE } } }));
  judge("another type", await alice("identity { legalName }"));
  lie("signals", () => ({ data: { _entities: [{ id: BOB, reviews: { months: [{ month: "Bob" }] } }] } }));
  judge("another merchant's entity", await alice("reviews { months { month } }"));
  lie("signals", (honest) => ({
    data: { _entities: [...((honest.data?.["_entities"] ?? []) as unknown[]), BOBS] },
  }));
  judge(
    "an entity more than asked about",
    await alice("reviews { months { month } } identity { legalName }"),
  );
  lie("merchants", () => ({ data: { merchant: { ...alices, transactions: { formula: "Bob" } } } }));
  judge(
    "a category that was not granted",
    await alice("identity { legalName } transactions { orderCount { formula } }"),
  );
  for (const [what, error] of Object.entries({
    message: { message: "Bob", path: ["merchant"], extensions: { code: "NOT_FOUND" } },
    code: { message: "", path: ["merchant"], extensions: { code: "Bob" } },
    path: { message: "", path: ["merchant", "Bob"], extensions: { code: "NOT_FOUND" } },
    fact: { message: "", path: ["merchant"], extensions: { code: "NOT_FOUND", note: "Bob" } },
    "nested fact": {
      message: "",
      path: ["merchant"],
      extensions: { code: "BAD_USER_INPUT", problem: { of: "Bob" } },
    },
    "long fact": {
      message: "",
      path: ["merchant"],
      extensions: { code: "BAD_USER_INPUT", problem: "Bob ".repeat(1_000) },
    },
  })) {
    lie("merchants", () => ({ data: { merchant: null }, errors: [error], extensions: { of: "Bob" } }));
    judge(`an error's ${what}`, await alice("identity { legalName }"));
  }
  return breaches;
}
