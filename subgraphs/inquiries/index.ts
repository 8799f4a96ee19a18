import "reflect-metadata";
import type { Subgraph } from "../../schema/subgraph.js";
import { buildSubgraph } from "../host/build-subgraph.js";
import type { SubgraphDeps } from "../host/deps.js";
import { InquiryResolver } from "./resolver.js";

export { createInquiryLog, type InquiryLogOptions } from "./inquiry-log.js";
export { inquiriesMigrations } from "./migrations/index.js";

/** Who asked what: the record of inquiries. */
export async function createInquiriesSubgraph(deps: SubgraphDeps): Promise<Subgraph> {
  return buildSubgraph({
    name: "inquiries",
    resolvers: [InquiryResolver],
    instances: [new InquiryResolver(deps.postgres)],
    entities: [],
    references: {},
    deps,
  });
}
