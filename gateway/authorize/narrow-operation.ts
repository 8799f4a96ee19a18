import {
  BREAK,
  type DocumentNode,
  type FieldNode,
  getNamedType,
  type GraphQLAbstractType,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type FragmentDefinitionNode,
  type InlineFragmentNode,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from "graphql";
import type { Category } from "../../schema/categories.js";
import type { Authorized, Inquiry, Narrowed, Operation } from "../inquiry.js";
import type { PolicyIndex } from "../policies.js";
import { objectionTo, type Standing } from "../policies.js";
import { fragmentsOf, isIncluded } from "../selections.js";
import { RootNarrower } from "./narrow-roots.js";

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

/**
 * Cuts out of the operation what it may not see, so that it is neither planned nor fetched: the first two of the four
 * points of enforcement. A root keeps only the merchants that open anything, and below it only what one of these opens.
 * Fragments are inlined, because a fragment may be spread below merchants that are decided differently. Resolves to
 * `undefined` when nothing is left, or the asker's standing is lost.
 */
export function narrowOperation(authorized: Authorized, index: PolicyIndex): Narrowed | undefined {
  if (authorized.ended.length > 0) return undefined;
  const { operation, principal, inquiries } = authorized;
  const isWhole = authorized.refusedRoots.length === 0 && [...inquiries.values()].every(isGranted);
  if (isWhole && principal.party === "bank" && inquiries.size > 0 && !mustBeRewritten(operation)) {
    const { document, variables } = operation;
    return { document, variables, changed: false, keptPositions: new Map() };
  }
  const type = operation.schema.getRootType(operation.definition.operation);
  if (type == null) return undefined;
  const roots = new RootNarrower(authorized);
  const kept = new Narrower(operation, index).roots(type, roots, principal);
  if (kept === undefined) return undefined;
  const definition: OperationDefinitionNode = {
    ...operation.definition,
    selectionSet: kept,
    variableDefinitions: [...(operation.definition.variableDefinitions ?? []), ...roots.definitions],
  };
  return {
    document: { kind: Kind.DOCUMENT, definitions: [definition] },
    variables: { ...operation.variables, ...roots.variables },
    changed: true,
    keptPositions: roots.keptPositions,
  };
}

function isGranted(inquiry: Inquiry): boolean {
  const hasRecords = inquiry.askedRecords.every((category) => inquiry.records.has(category));
  return hasRecords && inquiry.asked.every((category) => inquiry.granted.has(category));
}

const conditional = new WeakMap<DocumentNode, boolean>();
const abstract = new WeakMap<GraphQLSchema, boolean>();

/**
 * `@skip` and `@include` are settled before planning: a root that they leave out asks nothing, and sent on it would name
 * its merchant to a subgraph; and planners take a set that conditions empty for no set at all. Over abstract types the
 * concrete one must be asked for.
 */
function mustBeRewritten({ document, schema }: Operation): boolean {
  const isAbstract =
    abstract.get(schema) ?? Object.values(schema.getTypeMap()).some((type) => isAbstractType(type));
  abstract.set(schema, isAbstract);
  return isAbstract || (conditional.get(document) ?? hasConditions(document));
}

function hasConditions(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive: () => {
      found = true;
      return BREAK;
    },
  });
  conditional.set(document, found);
  return found;
}

/** What becomes of one field of a set; `undefined` cuts it. */
type OfField = (node: FieldNode, type: GraphQLCompositeType) => FieldNode | undefined;

class Narrower {
  readonly #operation: Operation;
  readonly #index: PolicyIndex;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;

  constructor(operation: Operation, index: PolicyIndex) {
    this.#operation = operation;
    this.#index = index;
    this.#fragments = fragmentsOf(operation);
  }

  /** The operation's own set, each root below what its own merchants open. */
  roots(
    type: GraphQLObjectType,
    roots: RootNarrower,
    principal: Standing["principal"],
  ): SelectionSetNode | undefined {
    const kept = this.#narrow(this.#operation.definition.selectionSet, type, (node) => {
      const open = roots.admit(node, type);
      if (open === undefined) return undefined;
      const granted = new Set<Category>(open.inquiries.flatMap((inquiry) => [...inquiry.granted]));
      const records = new Set<Category>(open.inquiries.flatMap((inquiry) => [...inquiry.records]));
      return this.#field(open.node, type, { principal, granted, records });
    });
    return kept.length === 0 ? undefined : { kind: Kind.SELECTION_SET, selections: kept };
  }

  #narrow(set: SelectionSetNode, type: GraphQLCompositeType, ofField: OfField): readonly SelectionNode[] {
    return set.selections.flatMap((selection) => {
      if (!isIncluded(this.#operation, selection)) return [];
      if (selection.kind === Kind.FIELD) {
        const field = ofField(selection, type);
        if (field !== undefined) return [field];
        return isAbstractType(type) ? this.#onPossibleTypes(selection, type, ofField) : [];
      }
      const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
      const source = isSpread ? this.#fragments.get(selection.name.value) : selection;
      return source === undefined ? [] : this.#inline(source, type, ofField);
    });
  }

  #inline(
    source: FragmentDefinitionNode | InlineFragmentNode,
    type: GraphQLCompositeType,
    ofField: OfField,
  ): readonly SelectionNode[] {
    const { typeCondition, selectionSet } = source;
    const condition =
      typeCondition === undefined ? type : this.#operation.schema.getType(typeCondition.name.value);
    if (!isCompositeType(condition)) return [];
    const kept = this.#narrow(selectionSet, isObjectType(type) ? type : condition, ofField);
    return kept.length === 0 ? [] : [inlineFragment(kept, typeCondition)];
  }

  /** What an abstract type withholds because one of its types does, is still asked of the others. */
  #onPossibleTypes(node: FieldNode, type: GraphQLAbstractType, ofField: OfField): readonly SelectionNode[] {
    return this.#operation.schema.getPossibleTypes(type).flatMap((possible) => {
      const field = ofField(node, possible);
      const condition = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: possible.name } } as const;
      return field === undefined ? [] : [inlineFragment([field], condition)];
    });
  }

  #field(node: FieldNode, type: GraphQLCompositeType, standing: Standing): FieldNode | undefined {
    if (node.name.value.startsWith("__")) return node;
    if (objectionTo(this.#index, [type.name, node.name.value], standing) !== undefined) return undefined;
    if (node.selectionSet === undefined) return node;
    const field = "getFields" in type ? type.getFields()[node.name.value] : undefined;
    const inner = field === undefined ? undefined : getNamedType(field.type);
    if (!isCompositeType(inner)) return undefined;
    const kept = this.#narrow(node.selectionSet, inner, (each, of) => this.#field(each, of, standing));
    // Which type stands behind an abstract one decides, at release, what may be seen of it.
    const isNamed = kept.length > 0 && !isAbstractType(inner);
    const selections = isNamed ? kept : [TYPENAME, ...kept];
    return { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections } };
  }
}

function inlineFragment(
  selections: readonly SelectionNode[],
  condition: NamedTypeNode | undefined,
): InlineFragmentNode {
  return {
    kind: Kind.INLINE_FRAGMENT,
    selectionSet: { kind: Kind.SELECTION_SET, selections },
    ...(condition === undefined ? {} : { typeCondition: condition }),
  };
}
