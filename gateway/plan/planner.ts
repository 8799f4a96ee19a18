import type { DocumentNode, GraphQLSchema } from "graphql";
import type { Plan } from "../graph/plan.js";

/** Makes a planner of a supergraph. @throws Error when the supergraph is not sound */
export type CreatePlanner = (supergraphSdl: string) => Planner;

/** Splits an operation into the fetches that answer it. */
export interface Planner {
  /** What clients see: no machinery, nothing `@inaccessible`. */
  readonly apiSchema: GraphQLSchema;
  /**
   * Plans a valid operation. Off the event loop where the planner can.
   * @throws Error when the operation cannot be planned
   */
  plan(document: DocumentNode, operationName: string | undefined): Promise<Plan>;
}
