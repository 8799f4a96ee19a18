import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type VariableDefinitionNode,
} from "graphql";
import type { Policy, PolicyIndex } from "../policies.js";
import { bothOf, implies, OPEN } from "../rule-algebra.js";

/** Variables that start with this are the gateway's; a client that declares one is refused (`receive/`). */
export const GUARD_PREFIX = "__guard";

/** A Boolean variable of the guarded operation, and what decides it for each request. */
export type Guard =
  | { readonly variable: string; readonly kind: "rule"; readonly rule: Policy }
  /** Open while any merchant that the root field asks about is open. */
  | { readonly variable: string; readonly kind: "root"; readonly responseKey: string };

/** An operation that can be planned once for everyone: each request switches off what it may not see. */
export interface GuardedOperation {
  readonly document: DocumentNode;
  readonly guards: readonly Guard[];
}

/**
 * Puts `@include(if: $__guard...)` on every field that carries a rule, so that one plan serves every outcome of consent
 * and what a request may not see is not asked of any subgraph. What a rule depends on is the field and not the place, so
 * fragments stay fragments.
 */
export function guardOperation(
  { document, definition }: { readonly document: DocumentNode; readonly definition: OperationDefinitionNode },
  schema: GraphQLSchema,
  index: PolicyIndex,
): GuardedOperation {
  const guarding = new Guarding(schema, index);
  const root = schema.getRootType(definition.operation);
  if (root == null) return { document, guards: [] };
  const fragments = document.definitions
    .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
    .map((node) => ({
      ...node,
      selectionSet: guarding.set(node.selectionSet, node.typeCondition.name.value),
    }));
  const selectionSet = guarding.set(definition.selectionSet, root.name);
  const variables = guarding.guards.map(({ variable }) => declare(variable));
  const guarded: OperationDefinitionNode = {
    ...definition,
    variableDefinitions: [...(definition.variableDefinitions ?? []), ...variables],
    selectionSet,
  };
  return { document: { kind: Kind.DOCUMENT, definitions: [guarded, ...fragments] }, guards: guarding.guards };
}

class Guarding {
  readonly guards: Guard[] = [];
  readonly #schema: GraphQLSchema;
  readonly #index: PolicyIndex;
  readonly #byRule = new Map<string, string>();

  constructor(schema: GraphQLSchema, index: PolicyIndex) {
    this.#schema = schema;
    this.#index = index;
  }

  set(set: SelectionSetNode, typeName: string): SelectionSetNode {
    return { ...set, selections: set.selections.map((selection) => this.#selection(selection, typeName)) };
  }

  #selection(selection: SelectionNode, typeName: string): SelectionNode {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return selection;
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const inner = selection.typeCondition?.name.value ?? typeName;
      return { ...selection, selectionSet: this.set(selection.selectionSet, inner) };
    }
    return this.#field(selection, typeName);
  }

  #field(node: FieldNode, typeName: string): SelectionNode {
    const name = node.name.value;
    if (name.startsWith("__")) return node;
    const type = this.#schema.getType(typeName);
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
    const returned = field === undefined ? undefined : getNamedType(field.type).name;
    const inner =
      node.selectionSet === undefined || returned === undefined
        ? node
        : { ...node, selectionSet: this.set(node.selectionSet, returned) };
    const guards = [
      this.#ofRule(typeName, name),
      ...(this.#isRoot(typeName) && returned === "Merchant" ? [this.#ofRoot(node)] : []),
    ].filter((variable) => variable !== undefined);
    return guards.reduce<SelectionNode>((guarded, variable) => include(guarded, variable), inner);
  }

  /** The variable of a field's rule; none where the way to the field says as much already. */
  #ofRule(typeName: string, fieldName: string): string | undefined {
    const field = this.#index.fields.get(`${typeName}.${fieldName}`) ?? OPEN;
    const type = this.#isCoveredByEdges(typeName) ? OPEN : (this.#index.types.get(typeName) ?? OPEN);
    const rule = bothOf(field, type);
    if (implies(OPEN, rule)) return undefined;
    const identity = rule.map((terms) => terms.join(" ")).join("|");
    const known = this.#byRule.get(identity);
    if (known !== undefined) return known;
    const variable = this.#next();
    this.guards.push({ variable, kind: "rule", rule });
    this.#byRule.set(identity, variable);
    return variable;
  }

  #ofRoot(node: FieldNode): string {
    const variable = this.#next();
    this.guards.push({ variable, kind: "root", responseKey: node.alias?.value ?? node.name.value });
    return variable;
  }

  #next(): string {
    return `${GUARD_PREFIX}${this.guards.length}`;
  }

  #isRoot(typeName: string): boolean {
    return typeName === this.#schema.getQueryType()?.name;
  }

  /** True when every field that returns the type is at least as strict as the type. */
  #isCoveredByEdges(typeName: string): boolean {
    const rule = this.#index.types.get(typeName);
    if (rule === undefined) return true;
    const known = COVERED.get(this.#index)?.get(typeName);
    if (known !== undefined) return known;
    const covered = coversType(this.#schema, this.#index, { typeName, rule });
    const byType = COVERED.get(this.#index) ?? new Map<string, boolean>();
    COVERED.set(this.#index, byType.set(typeName, covered));
    return covered;
  }
}

/** Asked for every operation and the same for all of one supergraph. */
const COVERED = new WeakMap<PolicyIndex, Map<string, boolean>>();

function coversType(
  schema: GraphQLSchema,
  index: PolicyIndex,
  { typeName, rule }: { readonly typeName: string; readonly rule: Policy },
): boolean {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const returned = getNamedType(field.type);
      const reaches =
        returned.name === typeName ||
        (isAbstractType(returned) && schema.getPossibleTypes(returned).some(({ name }) => name === typeName));
      if (!reaches) continue;
      const edge = bothOf(
        index.fields.get(`${type.name}.${field.name}`) ?? OPEN,
        index.types.get(type.name) ?? OPEN,
      );
      if (!implies(edge, rule)) return false;
    }
  }
  return true;
}

/** A field that has a condition of its own keeps it: the guard goes around it. */
function include(selection: SelectionNode, variable: string): SelectionNode {
  const directive = {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: "include" },
    arguments: [
      {
        kind: Kind.ARGUMENT,
        name: { kind: Kind.NAME, value: "if" },
        value: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: variable } },
      },
    ],
  } as const;
  const isConditioned = selection.directives?.some(({ name }) => ["include", "skip"].includes(name.value));
  if (isConditioned !== true)
    return { ...selection, directives: [...(selection.directives ?? []), directive] };
  return {
    kind: Kind.INLINE_FRAGMENT,
    directives: [directive],
    selectionSet: { kind: Kind.SELECTION_SET, selections: [selection] },
  };
}

function declare(variable: string): VariableDefinitionNode {
  return {
    kind: Kind.VARIABLE_DEFINITION,
    variable: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: variable } },
    type: {
      kind: Kind.NON_NULL_TYPE,
      type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: "Boolean" } },
    },
  };
}
