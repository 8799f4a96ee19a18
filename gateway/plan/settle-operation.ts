import {
  type DirectiveNode,
  type DocumentNode,
  doTypesOverlap,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type InlineFragmentNode,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
} from "graphql";
import { fragmentsOf } from "../graph/gather.js";

const OF_THE_SCHEMA: ReadonlySet<string> = new Set(["__schema", "__type"]);

/** What of an operation is planned. */
export interface SettledOperation {
  /** One after the other: each root field of a mutation on its own (GraphQL October 2021, section 6.2.2), else one or none. */
  readonly documents: readonly DocumentNode[];
  /** True where something is asked of the schema itself, which no planner plans. */
  readonly introspects: boolean;
}

/**
 * Writes an operation in the form that planners plan without surprise, and that asks for the same: fragments inlined; what a
 * literal `@skip` or `@include` leaves out left out; types named only where they say something; and `__typename` under its own
 * name wherever an object's type is not known from its place.
 */
export function settleOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  definition: OperationDefinitionNode,
): SettledOperation {
  const settling = new Settling(schema, fragmentsOf(document));
  const root = schema.getRootType(definition.operation);
  if (root == null) return { documents: [], introspects: false };
  const selections = settling.set(definition.selectionSet.selections, root);
  const parts = definition.operation === "mutation" ? byResponseKey(selections) : [selections];
  const documents = parts
    .filter((part) => part.length > 0)
    .map((part): DocumentNode => {
      const selectionSet = { kind: Kind.SELECTION_SET, selections: part } as const;
      return { kind: Kind.DOCUMENT, definitions: [{ ...definition, selectionSet }] };
    });
  return { documents, introspects: settling.introspects };
}

/** Root fields apart from each other, each with the conditions around it; those of one response key are one field. */
function byResponseKey(selections: readonly SelectionNode[]): readonly (readonly SelectionNode[])[] {
  const parts = new Map<string, SelectionNode[]>();
  const put = (selection: SelectionNode, around: (inner: SelectionNode) => SelectionNode): void => {
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value;
      parts.set(key, [...(parts.get(key) ?? []), around(selection)]);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      for (const inner of selection.selectionSet.selections)
        put(inner, (one) =>
          around({ ...selection, selectionSet: { kind: Kind.SELECTION_SET, selections: [one] } }),
        );
    }
  };
  for (const selection of selections) put(selection, (inner) => inner);
  return [...parts.values()];
}

class Settling {
  introspects = false;
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;

  constructor(schema: GraphQLSchema, fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
    this.#schema = schema;
    this.#fragments = fragments;
  }

  set(selections: readonly SelectionNode[], type: GraphQLCompositeType): readonly SelectionNode[] {
    return selections.flatMap((selection) => this.#selection(selection, type));
  }

  #selection(selection: SelectionNode, type: GraphQLCompositeType): readonly SelectionNode[] {
    const directives = settleDirectives(selection.directives ?? []);
    if (directives === undefined) return [];
    if (selection.kind === Kind.FIELD) return this.#field(selection, directives, type);
    const source =
      selection.kind === Kind.FRAGMENT_SPREAD ? this.#fragments.get(selection.name.value) : selection;
    if (source === undefined) return [];
    return this.#fragment(source, directives, type);
  }

  #field(node: FieldNode, directives: readonly DirectiveNode[], type: GraphQLCompositeType): FieldNode[] {
    if (OF_THE_SCHEMA.has(node.name.value)) {
      this.introspects = true;
      return [];
    }
    const field = "getFields" in type ? type.getFields()[node.name.value] : undefined;
    const inner = field === undefined ? undefined : getNamedType(field.type);
    if (node.selectionSet === undefined || !isCompositeType(inner)) return [{ ...node, directives }];
    const below = this.set(node.selectionSet.selections, inner);
    // An object of which nothing is asked is still an object, or null.
    const isBare = below.length === 0 || (isAbstractType(inner) && below.some(dependsOnType));
    const selections = isBare ? [TYPENAME, ...below] : below;
    return [{ ...node, directives, selectionSet: { kind: Kind.SELECTION_SET, selections } }];
  }

  #fragment(
    { typeCondition, selectionSet }: FragmentDefinitionNode | InlineFragmentNode,
    directives: readonly DirectiveNode[],
    type: GraphQLCompositeType,
  ): readonly SelectionNode[] {
    const named = this.#schema.getType(typeCondition?.name.value ?? type.name);
    if (!isCompositeType(named) || !doTypesOverlap(this.#schema, named, type)) return [];
    const says = named !== type && !(isObjectType(type) && isAbstractType(named));
    const inner = this.set(selectionSet.selections, says ? named : type);
    if (inner.length === 0) return [];
    if (!says && directives.length === 0) return inner;
    const set = { kind: Kind.SELECTION_SET, selections: inner } as const;
    const condition = says && typeCondition !== undefined ? { typeCondition } : {};
    return [{ kind: Kind.INLINE_FRAGMENT, ...condition, directives, selectionSet: set }];
  }
}

/** Where the name itself is asked for, perhaps as something else; below a fragment the planner asks for it where it must. */
function dependsOnType(selection: SelectionNode): boolean {
  return selection.kind === Kind.FIELD && selection.name.value === "__typename";
}

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

/** What is left to be decided by variables; `undefined` where a literal leaves the selection out. */
function settleDirectives(directives: readonly DirectiveNode[]): readonly DirectiveNode[] | undefined {
  const open: DirectiveNode[] = [];
  for (const directive of directives) {
    const value = directive.arguments?.find(({ name }) => name.value === "if")?.value;
    if (value?.kind !== Kind.BOOLEAN) open.push(directive);
    else if (value.value !== (directive.name.value === "include")) return undefined;
  }
  return open;
}
