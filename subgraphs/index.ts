import type { Migration } from "kysely";
import type { SchemaMigrations } from "../foundation/postgres/prepare-database.js";
import type { Subgraph } from "../schema/subgraph.js";
import { consentsMigrations, createConsentsSubgraph } from "./consents/index.js";
import type { SubgraphDeps } from "./host/deps.js";
import { createInquiriesSubgraph, inquiriesMigrations } from "./inquiries/index.js";
import { createMerchantsSubgraph, merchantsMigrations } from "./merchants/index.js";
import { createSignalsSubgraph, signalsMigrations } from "./signals/index.js";
import { createTransactionsSubgraph, transactionsMigrations } from "./transactions/index.js";

/** What some subgraphs need beside the common dependencies. */
export interface AllSubgraphDeps extends SubgraphDeps {
  /** Signs a consent artefact as a compact JWS with the bureau's key. */
  readonly signArtefact: (payload: Readonly<Record<string, unknown>>) => Promise<string>;
}

interface SubgraphDefinition {
  readonly create: (deps: AllSubgraphDeps) => Promise<Subgraph>;
  readonly migrations: Readonly<Record<string, Migration>>;
}

/** The list of subgraphs. A new source of data is one more line here. */
export const SUBGRAPHS: Readonly<Record<string, SubgraphDefinition>> = {
  merchants: { create: createMerchantsSubgraph, migrations: merchantsMigrations },
  transactions: { create: createTransactionsSubgraph, migrations: transactionsMigrations },
  signals: { create: createSignalsSubgraph, migrations: signalsMigrations },
  consents: { create: createConsentsSubgraph, migrations: consentsMigrations },
  inquiries: { create: createInquiriesSubgraph, migrations: inquiriesMigrations },
};

/** The PostgreSQL schema of each subgraph, with its migrations. */
export const SUBGRAPH_SCHEMAS: SchemaMigrations = Object.fromEntries(
  Object.entries(SUBGRAPHS).map(([name, { migrations }]) => [name, migrations]),
);
