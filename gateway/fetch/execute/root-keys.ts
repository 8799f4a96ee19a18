import { type DocumentNode, type FragmentDefinitionNode, Kind, parse, type SelectionSetNode } from "graphql";
import type { FetchStep } from "../../graph/plan.js";

/**
 * The response keys that a fetch fills, for the errors of a subgraph that could not be asked: those of the root under
 * the empty name, those of an entity under the response key of its `_entities` field.
 */
export function rootKeysOf(step: FetchStep): ReadonlyMap<string, readonly string[]> {
  const document = parse(step.operation, { noLocation: true });
  const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const keys = new Map<string, readonly string[]>();
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return keys;
  const fragments = fragmentsOf(document);
  if (step.targets.length === 0) {
    keys.set("", keysOf(operation.selectionSet, fragments));
    return keys;
  }
  for (const selection of operation.selectionSet.selections) {
    if (selection.kind !== Kind.FIELD || selection.selectionSet === undefined) continue;
    const responseKey = selection.alias?.value ?? selection.name.value;
    keys.set(responseKey, keysOf(selection.selectionSet, fragments));
  }
  return keys;
}

function keysOf(
  set: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly string[] {
  const found = new Set<string>();
  const visit = (inner: SelectionSetNode): void => {
    for (const selection of inner.selections) {
      if (selection.kind === Kind.FIELD) {
        if (selection.name.value !== "__typename") found.add(selection.alias?.value ?? selection.name.value);
        continue;
      }
      const next =
        selection.kind === Kind.INLINE_FRAGMENT
          ? selection.selectionSet
          : fragments.get(selection.name.value)?.selectionSet;
      if (next !== undefined) visit(next);
    }
  };
  visit(set);
  return [...found];
}

function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  );
}
