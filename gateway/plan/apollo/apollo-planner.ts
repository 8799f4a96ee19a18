import type { DocumentNode } from "graphql";
import type { Planner } from "../planner.js";
import { readApolloPlan } from "./read-apollo-plan.js";

/** Plans that are weighed against each other before the best so far is taken; its own default is 10,000. */
const EVALUATED_PLANS_MAX = 1_000;

/**
 * Loads the planner of `@apollo/query-planner`, in JavaScript, for platforms on which the native one has no binary. It is
 * licensed under Elastic-2.0 and no dependency of ours: whoever wants it installs it.
 * WARNING: it plans on the event loop, and an operation with many ways to be planned holds up everybody else.
 * @throws Error when it is not installed
 */
export async function loadApolloPlanner(): Promise<(supergraphSdl: string) => Planner> {
  const [{ QueryPlanner }, { operationFromDocument, Supergraph }] = await load();
  return (supergraphSdl) => {
    const supergraph = Supergraph.build(supergraphSdl);
    const planner = new QueryPlanner(supergraph, { debug: { maxEvaluatedPlans: EVALUATED_PLANS_MAX } });
    const schema = supergraph.apiSchema();
    return {
      apiSchema: schema.toGraphQLJSSchema(),
      plan: async (document: DocumentNode, operationName) =>
        readApolloPlan(
          planner.buildQueryPlan(
            operationFromDocument(schema, document, operationName === undefined ? {} : { operationName }),
          ),
        ),
    };
  };
}

async function load() {
  try {
    return await Promise.all([import("@apollo/query-planner"), import("@apollo/federation-internals")]);
  } catch (cause) {
    throw new Error(
      "the apollo planner is not installed: npm install @apollo/query-planner @apollo/federation-internals (Elastic-2.0)",
      { cause },
    );
  }
}
