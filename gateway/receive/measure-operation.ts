import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";

/** The size of an operation with its fragments expanded; counts saturate at 1e9 instead of overflowing. */
export interface OperationSize {
  readonly depth: number;
  readonly selections: number;
  readonly aliases: number;
  readonly directives: number;
}

const SATURATED = 1_000_000_000;
const NOTHING: OperationSize = { depth: 0, selections: 0, aliases: 0, directives: 0 };
const UNBOUNDED: OperationSize = {
  depth: SATURATED,
  selections: SATURATED,
  aliases: SATURATED,
  directives: SATURATED,
};

/**
 * Measures each fragment once and adds its size at every spread, so a document of nested spreads costs its own length,
 * not its expansion. A fragment that reaches itself is unbounded.
 */
export function measureOperation(document: DocumentNode, operation: OperationDefinitionNode): OperationSize {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measured = new Map<string, OperationSize>();
  const open = new Set<string>();

  const ofFragment = (name: string): OperationSize => {
    const known = measured.get(name);
    if (known !== undefined) return known;
    const fragment = fragments.get(name);
    if (fragment === undefined) return NOTHING;
    if (open.has(name)) return UNBOUNDED;
    open.add(name);
    const size = ofSelections(fragment.selectionSet);
    open.delete(name);
    measured.set(name, size);
    return size;
  };

  const ofSelections = (set: SelectionSetNode | undefined): OperationSize => {
    let total = NOTHING;
    for (const selection of set?.selections ?? []) {
      const directives = selection.directives?.length ?? 0;
      if (selection.kind === Kind.FIELD) {
        const inner = ofSelections(selection.selectionSet);
        const aliased = selection.alias === undefined ? 0 : 1;
        total = add(total, {
          depth: inner.depth + 1,
          selections: inner.selections + 1,
          aliases: inner.aliases + aliased,
          directives: inner.directives + directives,
        });
      } else {
        const inner =
          selection.kind === Kind.INLINE_FRAGMENT
            ? ofSelections(selection.selectionSet)
            : ofFragment(selection.name.value);
        total = add(total, {
          ...inner,
          selections: inner.selections + 1,
          directives: inner.directives + directives,
        });
      }
    }
    return total;
  };
  return ofSelections(operation.selectionSet);
}

function add(a: OperationSize, b: OperationSize): OperationSize {
  return {
    depth: Math.min(SATURATED, Math.max(a.depth, b.depth)),
    selections: Math.min(SATURATED, a.selections + b.selections),
    aliases: Math.min(SATURATED, a.aliases + b.aliases),
    directives: Math.min(SATURATED, a.directives + b.directives),
  };
}
