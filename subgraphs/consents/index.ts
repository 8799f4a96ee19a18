import "reflect-metadata";
import { CN_RULEBOOK } from "../../schema/rulebook.js";
import type { Subgraph } from "../../schema/subgraph.js";
import { buildSubgraph } from "../host/build-subgraph.js";
import type { SubgraphDeps } from "../host/deps.js";
import { CredentialResolver } from "./credentials/resolver.js";
import type { SignArtefact } from "./grant-consent.js";
import { LoanResolver } from "./graph/loan-resolver.js";
import { ConsentReadResolver } from "./graph/read-resolver.js";
import { ConsentResolver } from "./graph/resolver.js";

export { createCredentialRegister } from "./credentials/end-credentials.js";
export { createLinkGrant } from "./credentials/link-grant.js";
export { type ConsentDeskOptions, createConsentDesk } from "./requests/consent-desk.js";
export { type ConsentLedgerOptions, createConsentLedger, LEDGER_CONNECTION } from "./ledger.js";
export { consentsMigrations } from "./migrations/index.js";

/** What this room needs beside the common dependencies. */
export interface ConsentsDeps extends SubgraphDeps {
  /** Signs a consent artefact as a compact JWS with the bureau's key. */
  readonly signArtefact: SignArtefact;
  /** WARNING: for tests only. Consent time is the database's clock; this takes its place. */
  readonly now?: () => Date;
}

/** What a merchant permits to whom, and who asked for it. */
export async function createConsentsSubgraph(deps: ConsentsDeps): Promise<Subgraph> {
  const { postgres, now, signArtefact } = deps;
  const store = { postgres, now };
  return buildSubgraph({
    name: "consents",
    resolvers: [ConsentReadResolver, ConsentResolver, LoanResolver, CredentialResolver],
    instances: [
      new ConsentReadResolver(store),
      new LoanResolver(store),
      new ConsentResolver({ store, rulebook: CN_RULEBOOK, signArtefact }),
      new CredentialResolver(store),
    ],
    entities: [],
    references: {},
    deps,
  });
}
