import { createRequire } from "node:module";
import type { DocumentNode } from "graphql";

interface Internals {
  readonly Supergraph: { build(sdl: string): { apiSchema(): unknown } };
  operationFromDocument(schema: unknown, document: DocumentNode, options: object): unknown;
}

interface PlannerModule {
  readonly QueryPlanner: new (supergraph: unknown) => { buildQueryPlan(operation: unknown): object };
}

/** Plans as @apollo/gateway does, with the very packages that it brings: the operation is built, then planned. */
export function createApolloPlanner(supergraphSdl: string): (document: DocumentNode) => object {
  const require = createRequire(createRequire(import.meta.url).resolve("@apollo/gateway"));
  const { Supergraph, operationFromDocument } = require("@apollo/federation-internals") as Internals;
  const { QueryPlanner } = require("@apollo/query-planner") as PlannerModule;
  const supergraph = Supergraph.build(supergraphSdl);
  const planner = new QueryPlanner(supergraph);
  const schema = supergraph.apiSchema();
  return (document) => planner.buildQueryPlan(operationFromDocument(schema, document, {}));
}
