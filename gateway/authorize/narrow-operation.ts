import {
  BREAK,
  type DocumentNode,
  type FieldNode,
  getNamedType,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  isCompositeType,
  isObjectType,
  Kind,
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
  if (isWhole && principal.party === "bank" && inquiries.size > 0 && !hasConditions(operation.document)) {
    const { document, variables } = operation;
    return { document, variables, changed: false, keptPositions: new Map() };
  }
  const type = operation.schema.getRootType(operation.definition.operation);
  if (type == null) return undefined;
  const roots = new RootNarrower(authorized);
  const kept = createNarrower(operation, index).ofRoots(type, roots, principal);
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

/**
 * `@skip` and `@include` are settled before planning: a root that they leave out asks nothing, and sent on it would name
 * its merchant to a subgraph; and planners take a set that conditions empty for no set at all.
 */
function hasConditions(document: DocumentNode): boolean {
  const known = conditional.get(document);
  if (known !== undefined) return known;
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

interface Narrower {
  ofRoots(
    type: GraphQLObjectType,
    roots: RootNarrower,
    principal: Standing["principal"],
  ): SelectionSetNode | undefined;
}

/** What becomes of one field of a set; `undefined` cuts it. */
type OfField = (node: FieldNode, type: GraphQLCompositeType) => FieldNode | undefined;

function createNarrower(operation: Operation, index: PolicyIndex): Narrower {
  const fragments = fragmentsOf(operation);
  const narrow = (set: SelectionSetNode, type: GraphQLCompositeType, ofField: OfField) => {
    const kept: SelectionNode[] = [];
    for (const selection of set.selections) {
      if (!isIncluded(operation, selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const field = ofField(selection, type);
        if (field !== undefined) kept.push(field);
        continue;
      }
      const source =
        selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      if (source === undefined) continue;
      const condition =
        source.typeCondition === undefined ? type : operation.schema.getType(source.typeCondition.name.value);
      if (!isCompositeType(condition)) continue;
      const inner = narrow(source.selectionSet, isObjectType(type) ? type : condition, ofField);
      if (inner === undefined) continue;
      const typed = source.typeCondition === undefined ? {} : { typeCondition: source.typeCondition };
      kept.push({ kind: Kind.INLINE_FRAGMENT, selectionSet: inner, ...typed });
    }
    const none: SelectionSetNode | undefined = undefined;
    return kept.length === 0 ? none : { kind: Kind.SELECTION_SET as const, selections: kept };
  };
  const below =
    (standing: Standing): OfField =>
    (node, type) => {
      if (node.name.value.startsWith("__")) return node;
      if (objectionTo(index, [type.name, node.name.value], standing) !== undefined) return undefined;
      if (node.selectionSet === undefined) return node;
      const field = "getFields" in type ? type.getFields()[node.name.value] : undefined;
      const inner = field === undefined ? undefined : getNamedType(field.type);
      if (!isCompositeType(inner)) return undefined;
      const set = narrow(node.selectionSet, inner, below(standing));
      return { ...node, selectionSet: set ?? { kind: Kind.SELECTION_SET, selections: [TYPENAME] } };
    };
  return {
    ofRoots: (root, roots, principal) =>
      narrow(operation.definition.selectionSet, root, (node, type) => {
        const open = roots.admit(node, root);
        if (open === undefined) return undefined;
        const granted = new Set<Category>(open.inquiries.flatMap((inquiry) => [...inquiry.granted]));
        const records = new Set<Category>(open.inquiries.flatMap((inquiry) => [...inquiry.records]));
        return below({ principal, granted, records })(open.node, type);
      }),
  };
}
