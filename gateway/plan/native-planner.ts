import { QueryPlanner } from "@graphql-hive/router-query-planner";
import { buildASTSchema, type DocumentNode, Kind, parse, print, visit } from "graphql";
import type { Planner } from "./planner.js";
import { readNativePlan } from "./read-native-plan.js";

const BUILT_IN_DIRECTIVES: ReadonlySet<string> = new Set([
  "skip",
  "include",
  "deprecated",
  "specifiedBy",
  "oneOf",
]);
/** No rule of progressive overrides is active: composition lets none through. */
const NO_LABELS: ReadonlySet<string> = new Set();

/**
 * The planner of Hive Router (Rust, MIT), which plans on the thread pool. It expands fragments without a bound of its own:
 * operations must have been measured before (`receive/measure-operation.ts`).
 * @throws Error when the supergraph is not sound
 */
export function createNativePlanner(supergraphSdl: string): Planner {
  const planner = new QueryPlanner(supergraphSdl);
  return {
    apiSchema: buildASTSchema(withoutMachinery(parse(planner.consumerSchema, { noLocation: true }))),
    plan: async (document, operationName) =>
      readNativePlan(
        await planner.planAsync(print(document), operationName ?? null, NO_LABELS as Set<string>, 0),
      ),
  };
}

/** The planner's schema names the introspection system and the built-in directives, which GraphQL.js adds itself. */
function withoutMachinery(document: DocumentNode): DocumentNode {
  return visit(document, {
    FieldDefinition: (node) => (node.name.value.startsWith("__") ? null : undefined),
    DirectiveDefinition: (node) => (BUILT_IN_DIRECTIVES.has(node.name.value) ? null : undefined),
    enter: (node) => {
      const isDefinition =
        node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.ENUM_TYPE_DEFINITION;
      return isDefinition && node.name.value.startsWith("__") ? null : undefined;
    },
  });
}
