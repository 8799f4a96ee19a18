import {
  getNullableType,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
} from "graphql";
import { type FieldedType, standingType, type Shape, type ShapeField } from "../../graph/shape.js";
import { isObject, type JsonObject, own } from "./objects.js";

/** Signals that a non-null place holds nothing, so that its parent becomes null (GraphQL section 6.4.4). */
const NOTHING = Symbol("nothing");

/** An operation, ready to shape answers. */
export interface Completion {
  readonly schema: GraphQLSchema;
  readonly root: GraphQLObjectType;
  readonly shape: Shape;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Shapes what was fetched into the answer that the operation asks for: fields in its order, nothing that it did not ask
 * for, nulls carried up from places that may hold none. Without any rule: for audits and for tests.
 */
export function complete(completion: Completion, data: JsonObject): JsonObject | null {
  const out = completeObject(completion, { type: completion.root, shape: completion.shape, value: data });
  return out === NOTHING ? null : out;
}

interface Place {
  readonly type: FieldedType;
  readonly shape: Shape;
  readonly value: JsonObject;
}

function completeObject(completion: Completion, { type, shape, value }: Place): JsonObject | typeof NOTHING {
  const out = Object.create(null) as JsonObject;
  for (const field of shape.fieldsOf(type, completion.variables)) {
    if (field.type === undefined) {
      out[field.responseKey] = type.name;
      continue;
    }
    const completed = completeValue(completion, {
      type: field.type,
      field,
      value: own(value, field.responseKey),
    });
    if (completed === NOTHING) return NOTHING;
    out[field.responseKey] = completed;
  }
  return out;
}

interface ValuePlace {
  readonly type: GraphQLOutputType;
  readonly field: ShapeField;
  readonly value: unknown;
}

function completeValue(completion: Completion, place: ValuePlace): unknown {
  const completed = completeNullable(completion, { ...place, type: getNullableType(place.type) });
  if (completed !== null && completed !== NOTHING) return completed;
  return isNonNullType(place.type) ? NOTHING : null;
}

function completeNullable(completion: Completion, { type, field, value }: ValuePlace): unknown {
  if (value === null || value === undefined) return null;
  if (isListType(type)) {
    if (!Array.isArray(value)) return null;
    const items: unknown[] = [];
    for (const item of value) {
      const completed = completeValue(completion, {
        type: type.ofType as GraphQLOutputType,
        field,
        value: item,
      });
      if (completed === NOTHING) return NOTHING;
      items.push(completed);
    }
    return items;
  }
  if (isLeafType(type)) return isLeafValue(type, value) ? value : null;
  if (!isObject(value) || field.inner === undefined || !("name" in type)) return null;
  const concrete = standingType(
    completion.schema,
    type as Parameters<typeof standingType>[1],
    own(value, "__typename"),
  );
  return concrete === undefined
    ? null
    : completeObject(completion, { type: concrete, shape: field.inner, value });
}

/** A value that its type cannot hold is no value: an enum's member that clients cannot see, a word for a number. */
function isLeafValue(type: GraphQLLeafType, value: unknown): boolean {
  if (isEnumType(type)) return typeof value === "string" && type.getValue(value) !== undefined;
  switch (type.name) {
    case "Int":
      return Number.isInteger(value);
    case "Float":
      return typeof value === "number";
    case "Boolean":
      return typeof value === "boolean";
    case "String":
      return typeof value === "string";
    case "ID":
      return typeof value === "string" || Number.isInteger(value);
    default:
      return true;
  }
}
