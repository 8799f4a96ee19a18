import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

/** An operation in two parts: what is asked of the subgraphs, and what of the schema itself. */
export interface SplitOperation {
  /** `undefined` where nothing is asked of the subgraphs. */
  readonly document: DocumentNode | undefined;
  /** `undefined` where nothing is asked of the schema. */
  readonly introspection: DocumentNode | undefined;
}

const OF_THE_SCHEMA: ReadonlySet<string> = new Set(["__schema", "__type"]);

/**
 * Takes `__schema` and `__type` out of an operation, which no planner plans. Fragments are inlined at the root where there
 * are any, and nowhere else.
 */
export function splitOperation(document: DocumentNode, definition: OperationDefinitionNode): SplitOperation {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const rootsThat = (keeps: (name: string) => boolean): DocumentNode | undefined => {
    const selections = rootsOf(definition.selectionSet, fragments, keeps);
    if (selections.length === 0) return undefined;
    const root = { ...definition, selectionSet: { ...definition.selectionSet, selections } };
    return { kind: Kind.DOCUMENT, definitions: [root, ...fragments.values()] };
  };
  const introspection = rootsThat((name) => OF_THE_SCHEMA.has(name));
  if (introspection === undefined) return { document, introspection };
  return { document: rootsThat((name) => !OF_THE_SCHEMA.has(name)), introspection };
}

function rootsOf(
  { selections }: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  keeps: (name: string) => boolean,
): readonly SelectionNode[] {
  return selections.flatMap((selection): readonly SelectionNode[] => {
    if (selection.kind === Kind.FIELD) return keeps(selection.name.value) ? [selection] : [];
    const source = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
    if (source === undefined) return [];
    const inner = rootsOf(source.selectionSet, fragments, keeps);
    if (inner.length === 0) return [];
    return [
      {
        kind: Kind.INLINE_FRAGMENT,
        ...(source.typeCondition === undefined ? {} : { typeCondition: source.typeCondition }),
        ...(selection.directives === undefined ? {} : { directives: selection.directives }),
        selectionSet: { kind: Kind.SELECTION_SET, selections: inner },
      },
    ];
  });
}

/** Answers what is asked of the schema itself. WARNING: it says everything; whoever closes introspection asks before. */
export async function introspect(
  schema: GraphQLSchema,
  document: DocumentNode,
  { variables, operationName }: { readonly variables: object; readonly operationName: string | undefined },
): Promise<ExecutionResult> {
  return execute({
    schema,
    document,
    variableValues: { ...variables },
    operationName: operationName ?? null,
  });
}
