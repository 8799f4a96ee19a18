import { composeServices } from "@apollo/composition";
import { parse } from "graphql";
import { systemClock } from "../../../foundation/clock.js";
import { release } from "../../../gateway/answer/release.js";
import { createAuthorize } from "../../../gateway/authorize/index.js";
import { narrowOperation } from "../../../gateway/authorize/narrow-operation.js";
import { Echo } from "../../../gateway/fetch/echo.js";
import { startFederation } from "../../../gateway/process/engine/federation.js";
import { RepresentationGate } from "../../../gateway/fetch/representations.js";
import { SubgraphSource } from "../../../gateway/fetch/subgraph-source.js";
import type { Authenticated, Fetched } from "../../../gateway/inquiry.js";
import { loadPlanner } from "../../../gateway/plan/load-planner.js";
import { readSupergraph } from "../../../gateway/plan/index.js";
import { readOperation } from "../../../gateway/receive/read-operation.js";
import { CATEGORIES, type Category } from "../../../schema/categories.js";
import type { ConsentLedger } from "../../../schema/ports.js";
import { CN_RULEBOOK } from "../../../schema/rulebook.js";
import type { Subgraph } from "../../../schema/subgraph.js";
import { subgraphFromSdl } from "../../../subgraphs/host/build-subgraph.js";
import { FEDERATION_LINK } from "../../../subgraphs/host/directives.js";
import { Permit } from "../../../subgraphs/host/permit.js";
import { toLedger } from "../../property/to-ledger.js";
import { ALICE } from "../../support/actors.js";

const NOW = new Date("2026-06-15T04:00:00.000Z");
const policy = (term: string) => `@policy(policies: [["${term}"]])`;

/** Merchants with facts of two kinds behind one interface and one union, each kind of a category of its own. */
export const FACTS = `${FEDERATION_LINK}
type Query {
  merchant(id: String!, purpose: Purpose!, reference: String!): Merchant @policy(policies: [["party:bank"]])
}
enum Purpose { PRE_LOAN_ASSESSMENT }
type Merchant @key(fields: "id") {
  id: String!
  facts: [Fact] ${policy("consent:IDENTITY")}
  items: [Item] ${policy("consent:IDENTITY")}
}
interface Fact { name: String }
union Item = Sale | Word
type Sale implements Fact ${policy("consent:TRANSACTIONS")} { name: String amount: Int }
type Word implements Fact ${policy("consent:REVIEWS")} { name: String stars: Int }
`;

/** The supergraph, composed past this house's own linter, which refuses it: only the gateway stands in the way. */
export function composeFacts(): string {
  const url = "http://facts.invalid/graphql";
  const composed = composeServices([{ name: "facts", typeDefs: parse(FACTS), url }]);
  if (composed.supergraphSdl === undefined) throw new Error(composed.errors?.join("; "));
  return composed.supergraphSdl;
}

/** Hands out every row to whoever asks: what stops it is the gateway. */
function factsSubgraph(): Subgraph {
  const rows = [
    { __typename: "Sale", name: "sale", amount: 7 },
    { __typename: "Word", name: "word", stars: 5 },
  ];
  const everything = { inquiry: "i", merchant: ALICE, categories: CATEGORIES, records: [] };
  const permit = new Permit({ party: "bank", id: "demo-bank", scopes: new Set() }, [everything]);
  const merchant = { id: ALICE, facts: rows, items: rows };
  return subgraphFromSdl({
    name: "facts",
    sdl: FACTS,
    resolvers: { Query: { merchant: () => merchant }, Merchant: { __resolveReference: () => merchant } },
    verifyPermit: async () => permit,
  });
}

function ledgerOf(categories: readonly Category[]): ConsentLedger {
  const terms = {
    id: "c",
    bank: "demo-bank",
    merchant: ALICE,
    purpose: "PRE_LOAN_ASSESSMENT",
    categories,
  } as const;
  const rest = {
    records: [],
    lookbackMonths: 12,
    life: "current",
    events: [],
    agreed: 30,
    used: 0,
    age: 1,
  } as const;
  const consent = toLedger({ ...terms, ...rest }, NOW);
  return {
    check: async (questions) => ({ now: NOW, consents: questions.map(() => [consent]), ended: [] }),
    claimUses: async () => [29],
  };
}

const PRINCIPAL = {
  party: "bank",
  id: "demo-bank",
  clientId: "demo-bank",
  scopes: new Set(),
  details: [{ type: "merchant_credit_profile", purposes: ["PRE_LOAN_ASSESSMENT"], datatypes: CATEGORIES }],
  credentials: [],
  tokenKey: "issuer|t",
  expiresAt: NOW,
};

export interface FactsAnswer {
  readonly data: any;
  readonly errors: readonly {
    readonly path: readonly unknown[];
    readonly extensions: { readonly code: string };
  }[];
}

/** The path of an inquiry, from the decision to the release, over facts alone. */
export async function startFacts(
  granted: readonly Category[],
): Promise<(selection: string) => Promise<FactsAnswer>> {
  const supergraph = readSupergraph(composeFacts());
  const subgraph = factsSubgraph();
  const source = new SubgraphSource({
    name: "facts",
    transport: ({ request }) => subgraph.execute(request),
    signPermit: async () => "",
    gate: new RepresentationGate(supergraph.policies),
    echo: new Echo(),
  });
  const index = supergraph.policies;
  const federation = startFederation(supergraph, {
    sourceOf: () => source,
    createPlanner: await loadPlanner("native"),
  });
  const authorize = createAuthorize({
    index,
    rulebook: CN_RULEBOOK,
    clock: systemClock,
    ledger: ledgerOf(granted),
    inquiryBudget: {
      takeInquiries: async (_bank, merchants) =>
        merchants.map(() => ({ isAdmitted: true, resetsInSeconds: 0 })),
    },
  });
  const authenticated = { principal: PRINCIPAL, requestId: "r" } as unknown as Authenticated;
  return async (selection) => {
    const sha256 = `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { ${selection} } }`;
    const request = { document: parse(sha256), operationName: undefined, variables: {}, sha256 };
    const operation = readOperation(request, { schema: federation.apiSchema, explains: false });
    const authorized = await authorize(authenticated, operation);
    const prepared = await federation.prepare(operation);
    const narrowed = narrowOperation(authorized, prepared.guarded, index);
    const fetched =
      narrowed === undefined
        ? ({ authorized, data: {}, errors: [] } as unknown as Fetched)
        : await federation.fetch(authorized, prepared, narrowed);
    const { data, errors } = release(fetched, index);
    return JSON.parse(JSON.stringify({ data, errors })) as FactsAnswer;
  };
}
