import {
  type FieldNode,
  getNamedType,
  type GraphQLCompositeType,
  isCompositeType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import type { Category } from "../../schema/categories.js";
import type { Authorized, Inquiry, Narrowed, Operation } from "../inquiry.js";
import type { PolicyIndex } from "../policies.js";
import { objectionTo, type Standing } from "../policies.js";
import { fragmentsOf, isIncluded } from "../selections.js";

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

/**
 * Cuts out of the operation what no inquiry of it may see, so that it is neither planned nor fetched; the first of the
 * four points of enforcement. Fragments are inlined, because a fragment may be spread below merchants that are decided
 * differently. Resolves to `undefined` when nothing is left, or the asker's standing is lost.
 */
export function narrowOperation(authorized: Authorized, index: PolicyIndex): Narrowed | undefined {
  if (authorized.ended.length > 0) return undefined;
  const { operation, principal } = authorized;
  const refused = new Set(authorized.refusedRoots.map((root) => root.responseKey));
  const granted = new Set<Category>();
  const records = new Set<Category>();
  for (const inquiry of authorized.inquiries.values()) {
    for (const category of inquiry.granted) granted.add(category);
    for (const category of inquiry.records) records.add(category);
  }
  const everything = [...authorized.inquiries.values()].every(isWhole);
  if (refused.size === 0 && everything && principal.party === "bank" && authorized.inquiries.size > 0) {
    return { document: operation.document, changed: false };
  }
  const root = operation.schema.getRootType(operation.definition.operation);
  if (root == null) return undefined;
  const narrow = createNarrower(operation, index, { principal, granted, records });
  const kept = narrow(operation.definition.selectionSet, root, refused);
  if (kept === undefined) return undefined;
  const definition: OperationDefinitionNode = { ...operation.definition, selectionSet: kept };
  return { document: { kind: Kind.DOCUMENT, definitions: [definition] }, changed: true };
}

function isWhole(inquiry: Inquiry): boolean {
  const hasRecords = inquiry.askedRecords.every((category) => inquiry.records.has(category));
  return hasRecords && inquiry.asked.every((category) => inquiry.granted.has(category));
}

type Narrower = (
  set: SelectionSetNode,
  type: GraphQLCompositeType,
  refusedKeys?: ReadonlySet<string>,
) => SelectionSetNode | undefined;

function createNarrower(operation: Operation, index: PolicyIndex, standing: Standing): Narrower {
  const fragments = fragmentsOf(operation);
  const ofField = (node: FieldNode, type: GraphQLCompositeType): FieldNode | undefined => {
    if (node.name.value.startsWith("__")) return node;
    if (objectionTo(index, [type.name, node.name.value], standing) !== undefined) return undefined;
    if (node.selectionSet === undefined) return node;
    const field = "getFields" in type ? type.getFields()[node.name.value] : undefined;
    const inner = field === undefined ? undefined : getNamedType(field.type);
    if (!isCompositeType(inner)) return undefined;
    const set = narrow(node.selectionSet, inner);
    return { ...node, selectionSet: set ?? { kind: Kind.SELECTION_SET, selections: [TYPENAME] } };
  };
  const narrow: Narrower = (set, type, refusedKeys) => {
    const kept: SelectionNode[] = [];
    for (const selection of set.selections) {
      if (!isIncluded(operation, selection)) continue;
      if (selection.kind === Kind.FIELD) {
        if (refusedKeys?.has(selection.alias?.value ?? selection.name.value) === true) continue;
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
      const inner = narrow(source.selectionSet, isObjectType(type) ? type : condition, refusedKeys);
      if (inner === undefined) continue;
      const typed = source.typeCondition === undefined ? {} : { typeCondition: source.typeCondition };
      kept.push({ kind: Kind.INLINE_FRAGMENT, selectionSet: inner, ...typed });
    }
    return kept.length === 0 ? undefined : { kind: Kind.SELECTION_SET, selections: kept };
  };
  return narrow;
}
