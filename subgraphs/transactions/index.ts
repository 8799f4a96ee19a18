import "reflect-metadata";
import type { Subgraph } from "../../schema/subgraph.js";
import { buildSubgraph } from "../host/build-subgraph.js";
import type { SubgraphDeps } from "../host/deps.js";
import { Merchant } from "./graph/merchant.js";
import { merchantReference } from "./reference.js";
import { TransactionsResolver } from "./resolver.js";

export { createTransactionsIntake, type TransactionsIntakeOptions } from "./intake.js";
export { refreshPlatformPriors } from "./load/refresh-priors.js";
export { transactionsMigrations } from "./migrations/index.js";

/** What a merchant sold, was paid and shipped, over all its platform accounts. */
export async function createTransactionsSubgraph(deps: SubgraphDeps): Promise<Subgraph> {
  return buildSubgraph({
    name: "transactions",
    resolvers: [TransactionsResolver],
    instances: [new TransactionsResolver(deps)],
    entities: [Merchant],
    references: { Merchant: merchantReference },
    deps,
  });
}
