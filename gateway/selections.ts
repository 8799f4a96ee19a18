import {
  type FieldNode,
  type FragmentDefinitionNode,
  getDirectiveValues,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  GraphQLSkipDirective,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  typeFromAST,
} from "graphql";
import type { Operation } from "./inquiry.js";

/** The fragments of a document by name. */
export function fragmentsOf(operation: Operation): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of operation.document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  return fragments;
}

/** True unless `@skip` or `@include` leaves the selection out (GraphQL October 2021, section 3.13). */
export function isIncluded(operation: Operation, node: SelectionNode): boolean {
  const skip = getDirectiveValues(GraphQLSkipDirective, node, operation.variables);
  if (skip?.["if"] === true) return false;
  const include = getDirectiveValues(GraphQLIncludeDirective, node, operation.variables);
  return include?.["if"] !== false;
}

/**
 * The fields selected on one concrete type, by response key, in the order of the answer
 * (CollectFields, GraphQL October 2021, section 6.3.2).
 */
export function collectFields(
  operation: Operation,
  type: GraphQLObjectType,
  sets: readonly (SelectionSetNode | undefined)[],
): ReadonlyMap<string, readonly FieldNode[]> {
  const fragments = fragmentsOf(operation);
  const grouped = new Map<string, FieldNode[]>();
  const spread = new Set<string>();
  const visit = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (!isIncluded(operation, selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const nodes = grouped.get(key);
        if (nodes === undefined) grouped.set(key, [selection]);
        else nodes.push(selection);
        continue;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const name = selection.name.value;
        const fragment = fragments.get(name);
        if (spread.has(name) || fragment === undefined) continue;
        spread.add(name);
        if (applies(operation, type, fragment.typeCondition.name.value)) visit(fragment.selectionSet);
        continue;
      }
      if (applies(operation, type, selection.typeCondition?.name.value)) visit(selection.selectionSet);
    }
  };
  for (const set of sets) visit(set);
  return grouped;
}

function applies(operation: Operation, type: GraphQLObjectType, condition: string | undefined): boolean {
  if (condition === undefined || condition === type.name) return true;
  const named = typeFromAST(operation.schema, {
    kind: Kind.NAMED_TYPE,
    name: { kind: Kind.NAME, value: condition },
  });
  return isAbstractType(named) && operation.schema.isSubType(named, type);
}
