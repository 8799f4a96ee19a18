import type { Migration } from "kysely";
import { migrateSchema, type Postgres } from "../foundation/postgres.js";
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

/** Brings every subgraph's schema to its newest version; resolves to `schema/migration` of each that ran. */
export async function migrateAll(postgres: Postgres): Promise<readonly string[]> {
  const applied: string[] = [];
  for (const [name, { migrations }] of Object.entries(SUBGRAPHS)) {
    const names = await migrateSchema(postgres, name, migrations);
    applied.push(...names.map((migration) => `${name}/${migration}`));
  }
  return applied;
}
