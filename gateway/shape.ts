import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

/** One field of an object as an operation asks for it. */
export interface ShapeField {
  readonly responseKey: string;
  readonly name: string;
  /** `undefined` for `__typename`. */
  readonly type: GraphQLOutputType | undefined;
  /** The first node that asks for it, for its arguments. */
  readonly node: FieldNode;
  /** What is asked below it; `undefined` for a leaf. */
  readonly inner: Shape | undefined;
  /** False when `@skip` or `@include` leaves it out (GraphQL October 2021, section 3.13). */
  isIncluded(variables: Readonly<Record<string, unknown>>): boolean;
}

/** A type that has fields: an object type, or an interface behind which the object's own type is not known. */
export type FieldedType = GraphQLObjectType | GraphQLInterfaceType;

/** What an operation asks of one place, by the type that stands there. */
export interface Shape {
  /** In the order of the answer (CollectFields, GraphQL October 2021, section 6.3.2). */
  fieldsOf(type: FieldedType): readonly ShapeField[];
}

/** A directive's condition: a variable's name, or a fixed value, and which of the two includes. */
type Condition = (variables: Readonly<Record<string, unknown>>) => boolean;

/** A selection set and what must hold for it to count. */
interface ConditionedSet {
  readonly set: SelectionSetNode;
  readonly conditions: readonly Condition[];
}

/**
 * Compiles what an operation asks into shapes: walked once per type that is met, never again. Fragments are followed
 * where they are spread; the sizes were bounded before (`receive/`).
 */
export function compileShape(
  schema: GraphQLSchema,
  definition: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): Shape {
  return new SelectedShape(schema, fragments, [{ set: definition.selectionSet, conditions: [] }]);
}

interface Gathered {
  readonly node: FieldNode;
  /** One list a place that asks for it; the field is included when all of any one list hold. */
  readonly alternatives: (readonly Condition[])[];
  readonly sets: ConditionedSet[];
}

class SelectedShape implements Shape {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #sets: readonly ConditionedSet[];
  readonly #byType = new Map<string, readonly ShapeField[]>();

  constructor(
    schema: GraphQLSchema,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    sets: readonly ConditionedSet[],
  ) {
    this.#schema = schema;
    this.#fragments = fragments;
    this.#sets = sets;
  }

  fieldsOf(type: FieldedType): readonly ShapeField[] {
    const known = this.#byType.get(type.name);
    if (known !== undefined) return known;
    const gathered = new Map<string, Gathered>();
    for (const conditioned of this.#sets) this.#gather(conditioned, type, gathered);
    const fields = [...gathered].map(([responseKey, entry]) => this.#field(responseKey, entry, type));
    this.#byType.set(type.name, fields);
    return fields;
  }

  #gather({ set, conditions }: ConditionedSet, type: FieldedType, gathered: Map<string, Gathered>): void {
    for (const selection of set.selections) {
      const all = [...conditions, ...conditionsOf(selection)];
      if (selection.kind === Kind.FIELD) {
        const responseKey = selection.alias?.value ?? selection.name.value;
        const entry = gathered.get(responseKey) ?? { node: selection, alternatives: [], sets: [] };
        entry.alternatives.push(all);
        if (selection.selectionSet !== undefined)
          entry.sets.push({ set: selection.selectionSet, conditions: all });
        gathered.set(responseKey, entry);
        continue;
      }
      const source =
        selection.kind === Kind.FRAGMENT_SPREAD ? this.#fragments.get(selection.name.value) : selection;
      if (source === undefined || !this.#applies(type, source.typeCondition?.name.value)) continue;
      this.#gather({ set: source.selectionSet, conditions: all }, type, gathered);
    }
  }

  #applies(type: FieldedType, condition: string | undefined): boolean {
    if (condition === undefined || condition === type.name) return true;
    const named = this.#schema.getType(condition);
    return isAbstractType(named) && this.#schema.isSubType(named, type);
  }

  #field(responseKey: string, { node, alternatives, sets }: Gathered, type: FieldedType): ShapeField {
    const name = node.name.value;
    const isAlways = alternatives.some((conditions) => conditions.length === 0);
    return {
      responseKey,
      name,
      node,
      type: name === "__typename" ? undefined : type.getFields()[name]?.type,
      inner: sets.length === 0 ? undefined : new SelectedShape(this.#schema, this.#fragments, sets),
      isIncluded: isAlways
        ? () => true
        : (variables) => alternatives.some((conditions) => conditions.every((holds) => holds(variables))),
    };
  }
}

function conditionsOf(selection: SelectionNode): readonly Condition[] {
  const found: Condition[] = [];
  for (const { name, arguments: given } of selection.directives ?? []) {
    const includes = name.value === "include";
    if (!includes && name.value !== "skip") continue;
    const value = given?.find((argument) => argument.name.value === "if")?.value;
    if (value?.kind === Kind.VARIABLE) {
      const variable = value.name.value;
      found.push((variables) => (variables[variable] === true) === includes);
    } else if (value?.kind === Kind.BOOLEAN) {
      const isIncluded = value.value === includes;
      found.push(() => isIncluded);
    }
  }
  return found;
}

/**
 * The type of an object: the one that can stand there, or the one that it says of itself. An interface is its own answer
 * where nothing was asked that depends on the type behind it, so that no name was fetched.
 */
export function standingType(
  schema: GraphQLSchema,
  type: GraphQLCompositeType,
  typeName: unknown,
): FieldedType | undefined {
  if (isObjectType(type)) return type;
  if (typeName === undefined && isInterfaceType(type)) return type;
  const named = typeof typeName === "string" ? schema.getType(typeName) : undefined;
  if (!isObjectType(named) && !isInterfaceType(named)) return undefined;
  return named === type || schema.isSubType(type, named) ? named : undefined;
}
