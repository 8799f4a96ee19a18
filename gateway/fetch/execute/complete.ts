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
import type { WireError } from "../../../schema/subgraph.js";
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
  /**
   * Errors so far. One is added for each value that its place cannot hold, unless an error is there already that says why
   * (GraphQL October 2021, sections 6.4.3 and 6.4.4).
   */
  readonly errors: WireError[];
  /** The error of such a value. */
  mismatch(): Omit<WireError, "path">;
}

/**
 * Shapes what was fetched into the answer that the operation asks for: fields in its order, nothing that it did not ask
 * for, nulls carried up from places that may hold none. Without any rule: for audits and for tests.
 */
export function complete(completion: Completion, data: JsonObject): JsonObject | null {
  return new Completing(completion).run(data);
}

interface Place {
  readonly type: FieldedType;
  readonly shape: Shape;
  readonly value: JsonObject;
}

interface ValuePlace {
  readonly type: GraphQLOutputType;
  readonly field: ShapeField;
  readonly value: unknown;
}

class Completing {
  readonly #completion: Completion;
  /** Where in the answer it stands; one array for the whole walk. */
  readonly #path: (string | number)[] = [];
  #explained: Set<string> | undefined;

  constructor(completion: Completion) {
    this.#completion = completion;
  }

  run(data: JsonObject): JsonObject | null {
    const { root, shape } = this.#completion;
    const out = this.#object({ type: root, shape, value: data });
    return out === NOTHING ? null : out;
  }

  #object({ type, shape, value }: Place): JsonObject | typeof NOTHING {
    const out = Object.create(null) as JsonObject;
    for (const field of shape.fieldsOf(type, this.#completion.variables)) {
      const { responseKey } = field;
      if (field.type === undefined) {
        // What is asked of the schema itself was answered before.
        out[responseKey] = field.name === "__typename" ? type.name : (own(value, responseKey) ?? null);
        continue;
      }
      this.#path.push(responseKey);
      const completed = this.#value({ type: field.type, field, value: own(value, responseKey) });
      this.#path.pop();
      if (completed === NOTHING) return NOTHING;
      out[responseKey] = completed;
    }
    return out;
  }

  #value(place: ValuePlace): unknown {
    const completed = this.#nullable({ ...place, type: getNullableType(place.type) });
    if (completed === NOTHING) return isNonNullType(place.type) ? NOTHING : null;
    if (completed !== null || !isNonNullType(place.type)) return completed;
    this.#mismatch();
    return NOTHING;
  }

  #nullable({ type, field, value }: ValuePlace): unknown {
    if (value === null || value === undefined) return null;
    if (isListType(type)) return this.#list(type.ofType as GraphQLOutputType, field, value);
    if (isLeafType(type)) return isLeafValue(type, value) ? value : this.#mismatch();
    if (!isObject(value) || field.inner === undefined || !("name" in type)) return this.#mismatch();
    const concrete = standingType(
      this.#completion.schema,
      type as Parameters<typeof standingType>[1],
      own(value, "__typename"),
    );
    return concrete === undefined
      ? this.#mismatch()
      : this.#object({ type: concrete, shape: field.inner, value });
  }

  #list(itemType: GraphQLOutputType, field: ShapeField, value: unknown): unknown {
    if (!Array.isArray(value)) return this.#mismatch();
    const items: unknown[] = [];
    for (const [index, item] of value.entries()) {
      this.#path.push(index);
      const completed = this.#value({ type: itemType, field, value: item });
      this.#path.pop();
      if (completed === NOTHING) return NOTHING;
      items.push(completed);
    }
    return items;
  }

  /** The value becomes null, and somebody has to say so. */
  #mismatch(): null {
    const { errors, mismatch } = this.#completion;
    // Looked up at the first need: an answer that is whole costs nothing here.
    this.#explained ??= new Set(errors.flatMap(({ path = [] }) => prefixesOf(path)));
    const key = JSON.stringify(this.#path);
    if (this.#explained.has(key)) return null;
    const path = [...this.#path];
    errors.push({ ...mismatch(), path });
    for (const prefix of prefixesOf(path)) this.#explained.add(prefix);
    return null;
  }
}

/** A null is explained by an error at its own place or below, where it was carried up from. */
function prefixesOf(path: readonly (string | number)[]): readonly string[] {
  return path.map((_step, end) => JSON.stringify(path.slice(0, end + 1)));
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
