import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from "graphql";
import { fragmentsOf } from "../shape/gather.js";

/** What of an operation can be planned. */
export interface PlannableOperation {
  /** `undefined` where nothing is asked of the subgraphs. */
  readonly document: DocumentNode | undefined;
  /** True where something is asked of the schema itself. */
  readonly introspects: boolean;
}

const OF_THE_SCHEMA: ReadonlySet<string> = new Set(["__schema", "__type"]);

/**
 * Takes `__schema` and `__type` out of the root of an operation (GraphQL October 2021, section 4.2): no planner plans them.
 * Where there are any, fragments at the root are inlined; what stays in a fragment is never reached.
 */
export function withoutIntrospection(
  document: DocumentNode,
  definition: OperationDefinitionNode,
): PlannableOperation {
  const fragments = fragmentsOf(document);
  let introspects = false;
  const keep = ({ selections }: SelectionSetNode): readonly SelectionNode[] =>
    selections.flatMap((selection): readonly SelectionNode[] => {
      if (selection.kind === Kind.FIELD) {
        const isOfTheSchema = OF_THE_SCHEMA.has(selection.name.value);
        introspects ||= isOfTheSchema;
        return isOfTheSchema ? [] : [selection];
      }
      const source =
        selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      const inner = source === undefined ? [] : keep(source.selectionSet);
      if (source === undefined || inner.length === 0) return [];
      return [
        {
          kind: Kind.INLINE_FRAGMENT,
          ...(source.typeCondition === undefined ? {} : { typeCondition: source.typeCondition }),
          ...(selection.directives === undefined ? {} : { directives: selection.directives }),
          selectionSet: { kind: Kind.SELECTION_SET, selections: inner },
        },
      ];
    });
  const selections = keep(definition.selectionSet);
  if (!introspects) return { document, introspects };
  if (selections.length === 0) return { document: undefined, introspects };
  const root = { ...definition, selectionSet: { ...definition.selectionSet, selections } };
  return {
    document: { kind: Kind.DOCUMENT, definitions: [root, ...reachedFrom(root, fragments)] },
    introspects,
  };
}

/** The fragments that are still spread; what was inlined may be no document's any more. */
function reachedFrom(
  root: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly FragmentDefinitionNode[] {
  const reached = new Map<string, FragmentDefinitionNode>();
  const follow = (node: OperationDefinitionNode | FragmentDefinitionNode): void =>
    void visit(node, {
      FragmentSpread({ name: { value } }) {
        const fragment = fragments.get(value);
        if (fragment === undefined || reached.has(value)) return;
        reached.set(value, fragment);
        follow(fragment);
      },
    });
  follow(root);
  return [...reached.values()];
}
