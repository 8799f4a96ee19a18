import { Kind, parse } from "graphql";
import type { FetchStep } from "../../graph/plan.js";
import { isIncluded } from "../../graph/conditions.js";
import { type ConditionedSet, fragmentsOf, gather } from "../../graph/gather.js";

/** The response keys that a fetch fills in one object: by the operation's variables, and by what the object's type meets. */
export type KeysOf = (
  variables: Readonly<Record<string, unknown>>,
  meets: (condition: string) => boolean,
) => readonly string[];

/**
 * The response keys that a fetch fills, for the errors of a subgraph that could not be asked: those of the root under
 * the empty name, those of an entity under the response key of its `_entities` field.
 */
export function rootKeysOf(step: FetchStep): ReadonlyMap<string, KeysOf> {
  const document = parse(step.operation, { noLocation: true });
  const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const keys = new Map<string, KeysOf>();
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return keys;
  const fragments = fragmentsOf(document);
  const keysOf =
    (set: ConditionedSet): KeysOf =>
    (variables, meets) => {
      const applies = (condition: string | undefined): boolean => condition === undefined || meets(condition);
      return [...gather([set], { fragments, applies })].flatMap(([key, { node, alternatives }]) =>
        node.name.value !== "__typename" && isIncluded(alternatives, variables) ? [key] : [],
      );
    };
  if (step.targets.length === 0) {
    keys.set("", keysOf({ set: operation.selectionSet, conditions: [] }));
    return keys;
  }
  for (const selection of operation.selectionSet.selections) {
    if (selection.kind !== Kind.FIELD || selection.selectionSet === undefined) continue;
    const responseKey = selection.alias?.value ?? selection.name.value;
    keys.set(responseKey, keysOf({ set: selection.selectionSet, conditions: [] }));
  }
  return keys;
}
