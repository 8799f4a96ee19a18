import type { DocumentNode, GraphQLSchema } from "graphql";
import type { Plan } from "../graph/plan.js";

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
