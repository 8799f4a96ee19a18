import {
  type DocumentNode,
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
  type OperationDefinitionNode,
} from "graphql";
import { isIncluded, isUnconditional } from "./conditions.js";
import { type ConditionedSet, fragmentsOf, gather, type Gathered, setsBelow } from "./gather.js";

/** One field of an object as an operation asks for it. */
export interface ShapeField {
  readonly responseKey: string;
  readonly name: string;
  /** `undefined` for `__typename`, and for the introspection system's own fields. */
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

/** A valid operation of a schema. */
export interface ShapedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
}

const shapes = new WeakMap<
  OperationDefinitionNode,
  { readonly schema: GraphQLSchema; readonly shape: Shape }
>();

/** What an operation asks, compiled once for as long as its document is kept. */
export function shapeOf({ schema, document, definition }: ShapedOperation): Shape {
  const known = shapes.get(definition);
  if (known?.schema === schema) return known.shape;
  const sets = [{ set: definition.selectionSet, conditions: [] }];
  const shape = new SelectedShape(schema, fragmentsOf(document), sets);
  shapes.set(definition, { schema, shape });
  return shape;
}

/** Walked once per type that is met, never again. */
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
    const gathered = gather(this.#sets, {
      fragments: this.#fragments,
      applies: (condition) => this.#applies(type, condition),
    });
    const fields = [...gathered].map(([responseKey, entry]) => this.#field(responseKey, entry, type));
    this.#byType.set(type.name, fields);
    return fields;
  }

  #applies(type: FieldedType, condition: string | undefined): boolean {
    if (condition === undefined || condition === type.name) return true;
    const named = this.#schema.getType(condition);
    return isAbstractType(named) && this.#schema.isSubType(named, type);
  }

  #field(responseKey: string, gathered: Gathered, type: FieldedType): ShapeField {
    const { node, alternatives } = gathered;
    const sets = setsBelow(gathered);
    const name = node.name.value;
    return {
      responseKey,
      name,
      node,
      type: type.getFields()[name]?.type,
      inner: sets.length === 0 ? undefined : new SelectedShape(this.#schema, this.#fragments, sets),
      isIncluded: isUnconditional(alternatives)
        ? () => true
        : (variables) => isIncluded(alternatives, variables),
    };
  }
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
