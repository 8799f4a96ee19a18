import { readFile } from "node:fs/promises";
import { type DocumentNode, parse } from "graphql";
import { readClaims } from "../../../gateway/authenticate/read-claims.js";
import {
  type Federation,
  type PreparedOperation,
  startFederation,
} from "../../../gateway/process/engine/federation.js";
import type { GraphQLOperation } from "../../../gateway/receive/read-operation.js";
import type { Authenticated, Operation } from "../../../gateway/inquiry.js";
import { guardOperation } from "../../../gateway/plan/guard-operation.js";
import { loadPlanner } from "../../../gateway/plan/load-planner.js";
import { readSupergraph } from "../../../gateway/plan/index.js";
import type { PolicyIndex } from "../../../gateway/policies.js";
import { SUPERGRAPH_FILE } from "../../../gateway/process/open-bureau.js";
import { PROFILE_DETAIL_TYPE } from "../../../schema/claims.js";
import type { ConsentTerms } from "../../../schema/consent-terms.js";
import { EPOCH_MS } from "./database.js";

const PURPOSE = "PRE_LOAN_ASSESSMENT";
const CATEGORY = "IDENTITY";
const DAY_MS = 86_400_000;

/** What the real path needs to know of the graph: read once, the same for every simulated gateway. */
export interface Contract {
  readonly apiSchema: Federation["apiSchema"];
  readonly index: PolicyIndex;
}

/** Reads the committed supergraph as a gateway does. */
export async function readContract(): Promise<Contract> {
  const supergraph = readSupergraph(await readFile(SUPERGRAPH_FILE, "utf8"));
  const federation = startFederation(supergraph, {
    sourceOf: (name) => ({
      ask: () => Promise.reject(new Error(`the simulation asks no subgraph, not even ${name}`)),
    }),
    createPlanner: await loadPlanner("native"),
  });
  return { apiSchema: federation.apiSchema, index: supergraph.policies };
}

/** The field that stands for everything a consent opens. */
const FIELDS = "{ id identity { legalName } }";
const ONE = parse(
  `query($a: MerchantId!) { a: merchant(id: $a, purpose: ${PURPOSE}, reference: "CASE-1") ${FIELDS} }`,
);
const TWO = parse(`query($a: MerchantId!, $b: MerchantId!) {
  a: merchant(id: $a, purpose: ${PURPOSE}, reference: "CASE-1") ${FIELDS}
  b: merchant(id: $b, purpose: ${PURPOSE}, reference: "CASE-2") ${FIELDS}
}`);

/** An operation about one merchant or two. */
export function operationAbout(merchants: readonly string[]): GraphQLOperation {
  const [a, b] = merchants;
  const document: DocumentNode = b === undefined ? ONE : TWO;
  const variables = b === undefined ? { a } : { a, b };
  return { document, operationName: undefined, variables, sha256: b === undefined ? "01" : "02" };
}

/** The operation with its guards, as a gateway plans it; what would be fetched is not part of the simulation. */
export function prepare(operation: Operation, { index }: Contract): PreparedOperation {
  return { guarded: guardOperation(operation, index, new Set()), run: async () => {} };
}

const callers = new Map<string, Authenticated>();

/** A bank whose token allows everything; whether it may is for the consent alone. */
export function authenticatedAs(bank: string): Authenticated {
  const known = callers.get(bank);
  if (known !== undefined) return known;
  const principal = readClaims({
    iss: "https://issuer.invalid",
    jti: `token-of-${bank}`,
    sub: bank,
    client_id: bank,
    party: "bank",
    scope: "profile:read",
    exp: Math.floor((EPOCH_MS + DAY_MS) / 1_000),
    authorization_details: [{ type: PROFILE_DETAIL_TYPE, purposes: [PURPOSE], datatypes: [CATEGORY] }],
  });
  const caller = { principal, requestId: "simulated" } as unknown as Authenticated;
  callers.set(bank, caller);
  return caller;
}

/** The terms of a consent; it outlives every simulation unless it says otherwise. */
export function termsOf(
  consentId: string,
  { bank, merchant, expiresAtMs }: { bank: string; merchant: string; expiresAtMs: number | undefined },
): ConsentTerms {
  return {
    consentId,
    version: 1,
    merchant,
    bank,
    purpose: PURPOSE,
    purposeText: { en: "simulated", zh: "simulated" },
    categories: [CATEGORY],
    lookbackMonths: 12,
    startsAt: new Date(EPOCH_MS - DAY_MS).toISOString(),
    expiresAt: new Date(EPOCH_MS + (expiresAtMs ?? 30 * DAY_MS)).toISOString(),
    frequency: { count: 1_000, period: "MONTH" },
    rulebook: "simulated",
    notice: { version: "1", language: "zh", sha256: "00" },
  };
}
