import { type FieldNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from "graphql";
import { type Condition, conditionsOf } from "./conditions.js";

/** A selection set and what must hold for it to count. */
export interface ConditionedSet {
  readonly set: SelectionSetNode;
  readonly conditions: readonly Condition[];
}

/** Every place that asks for one response key of one object. */
export interface Gathered {
  /** The first of them; all have the same name and arguments (GraphQL October 2021, section 5.3.2). */
  readonly node: FieldNode;
  /** One list a place that asks for it. */
  readonly alternatives: (readonly Condition[])[];
  readonly sets: ConditionedSet[];
}

/** What is asked below a field. The conditions of its only place hold there already. */
export function setsBelow({ alternatives, sets }: Gathered): readonly ConditionedSet[] {
  return alternatives.length > 1 ? sets : sets.map(({ set }) => ({ set, conditions: [] }));
}

/** How fragments are followed. */
export interface Gathering {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** True for a fragment that counts here; `undefined` stands for one without a type. */
  applies(typeCondition: string | undefined): boolean;
  /** Told of each fragment that does not. */
  onOther?(typeCondition: string, set: ConditionedSet): void;
}

/**
 * The fields of some selection sets by response key, in the order of the answer (CollectFields, GraphQL October 2021,
 * section 6.3.2), with the conditions under which they count. Fragments are followed where they are spread; the sizes were
 * bounded before (`receive/`).
 */
export function gather(sets: readonly ConditionedSet[], gathering: Gathering): ReadonlyMap<string, Gathered> {
  const gathered = new Map<string, Gathered>();
  for (const each of sets) gatherSet(each, gathering, gathered);
  return gathered;
}

function gatherSet(
  { set, conditions }: ConditionedSet,
  gathering: Gathering,
  gathered: Map<string, Gathered>,
): void {
  for (const selection of set.selections) {
    const own = conditionsOf(selection);
    if (own === undefined) continue;
    const all = own.length === 0 ? conditions : [...conditions, ...own];
    if (selection.kind === Kind.FIELD) {
      const responseKey = (selection.alias ?? selection.name).value;
      const entry = gathered.get(responseKey) ?? { node: selection, alternatives: [], sets: [] };
      entry.alternatives.push(all);
      if (selection.selectionSet !== undefined)
        entry.sets.push({ set: selection.selectionSet, conditions: all });
      gathered.set(responseKey, entry);
      continue;
    }
    const source =
      selection.kind === Kind.FRAGMENT_SPREAD ? gathering.fragments.get(selection.name.value) : selection;
    if (source === undefined) continue;
    const typeCondition = source.typeCondition?.name.value;
    const inner = { set: source.selectionSet, conditions: all };
    if (gathering.applies(typeCondition)) gatherSet(inner, gathering, gathered);
    else if (typeCondition !== undefined) gathering.onOther?.(typeCondition, inner);
  }
}

/** The fragments of a document by name. */
export function fragmentsOf({
  definitions,
}: {
  readonly definitions: readonly { readonly kind: string }[];
}): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions as readonly FragmentDefinitionNode[])
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  return fragments;
}
