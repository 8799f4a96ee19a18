import type { FeedIntake } from "../../schema/ports.js";
import type { Subgraph } from "../../schema/subgraph.js";
import { buildSubgraph } from "../host/build-subgraph.js";
import type { SubgraphDeps } from "../host/deps.js";
import { createFeedIntake, type FeedIntakeOptions } from "../host/feeds/index.js";
import { signalsFeedOwner } from "./feed-owner.js";
import { ReviewRecordsResolver, SocialRecordsResolver } from "./records/resolvers.js";
import { resolveMerchantReference } from "./reference.js";
import { SignalsResolver } from "./resolver.js";
import { Merchant } from "./types.js";

export { signalsMigrations } from "./migrations/index.js";

/** Reviews of merchants, and their reach on social channels. */
export async function createSignalsSubgraph(deps: SubgraphDeps): Promise<Subgraph> {
  return buildSubgraph({
    name: "signals",
    resolvers: [SignalsResolver, ReviewRecordsResolver, SocialRecordsResolver],
    instances: [new SignalsResolver(deps), new ReviewRecordsResolver(deps), new SocialRecordsResolver(deps)],
    entities: [Merchant],
    references: { Merchant: { __resolveReference: resolveMerchantReference } },
    deps,
  });
}

/** Takes the feeds `review` and `social`. */
export function createSignalsIntake(options: Omit<FeedIntakeOptions, "schema" | "owner">): FeedIntake {
  return createFeedIntake({ ...options, schema: "signals", owner: signalsFeedOwner });
}
