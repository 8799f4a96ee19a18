import "reflect-metadata";
import type { Clock } from "../../foundation/clock.js";
import type { Postgres } from "../../foundation/postgres.js";
import type { FeedIntake } from "../../schema/ports.js";
import type { Subgraph } from "../../schema/subgraph.js";
import { buildSubgraph } from "../host/build-subgraph.js";
import type { SubgraphDeps } from "../host/deps.js";
import { createFeedIntake } from "../host/feeds/index.js";
import { createAccountDirectory } from "./account-directory.js";
import { accountOwner } from "./link-accounts.js";
import { merchantReference } from "./reference.js";
import { MerchantResolver } from "./resolver.js";
import { Merchant } from "./types.js";

export { createAccountDirectory } from "./account-directory.js";
export { merchantsMigrations } from "./migrations/index.js";

/** Who a merchant is, and which platform accounts are its own. */
export async function createMerchantsSubgraph(deps: SubgraphDeps): Promise<Subgraph> {
  return buildSubgraph({
    name: "merchants",
    resolvers: [MerchantResolver],
    instances: [new MerchantResolver(deps)],
    entities: [Merchant],
    references: { Merchant: merchantReference },
    deps,
  });
}

/** The door for account records. */
export function createMerchantsIntake(options: {
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly pseudonymKey: Uint8Array;
}): FeedIntake {
  return createFeedIntake({
    ...options,
    schema: "merchants",
    owner: accountOwner,
    directory: createAccountDirectory(options.postgres),
  });
}
