import { executeSync, type FieldNode, Kind, type OperationDefinitionNode } from "graphql";
import type { Operation } from "../inquiry.js";
import { isIncluded } from "../shape/conditions.js";
import { fragmentsOf, gather } from "../shape/gather.js";

/** What an operation asks of the schema itself (GraphQL October 2021, section 4.2); no subgraph is asked. */
export function introspect(operation: Operation): Readonly<Record<string, unknown>> {
  const { schema, document, definition, variables } = operation;
  const fragments = fragmentsOf(document);
  const roots = gather([{ set: definition.selectionSet, conditions: [] }], {
    fragments,
    applies: () => true,
  });
  const selections: FieldNode[] = [];
  for (const { node, alternatives, sets } of roots.values()) {
    if (!node.name.value.startsWith("__") || !isIncluded(alternatives, variables)) continue;
    const inner = sets.flatMap(({ set }) => set.selections);
    selections.push({
      ...node,
      directives: [],
      ...(inner.length === 0 ? {} : { selectionSet: { kind: Kind.SELECTION_SET, selections: inner } }),
    });
  }
  const asking: OperationDefinitionNode = {
    ...definition,
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  };
  const result = executeSync({
    schema,
    document: { kind: Kind.DOCUMENT, definitions: [asking, ...fragments.values()] },
    variableValues: variables,
  });
  return result.data ?? {};
}
