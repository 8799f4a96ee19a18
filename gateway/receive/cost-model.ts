import {
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import {
  FIELD_WEIGHT,
  FIELD_WEIGHTS,
  LIST_SIZES,
  type ListSize,
  OBJECT_WEIGHTS,
  ROOT_WEIGHTS,
} from "../../schema/budgets/costs.js";

/** Lists with this name are pages: as long as the nearest `first` above them asks. */
const PAGE_LIST = "nodes";

/** What the fields, objects and lists of one schema weigh. */
export interface CostModel {
  weightOf(typeName: string, fieldName: string): number;
  objectWeightOf(typeName: string): number;
  /** `undefined` for a page. */
  sizeOf(typeName: string, fieldName: string): ListSize | undefined;
}

/**
 * Reads the costs of a schema.
 * @throws Error when a list of objects has no size, or a line of the tables names what the schema has not: an operation
 * through it could not be bounded
 */
export function readCosts(schema: GraphQLSchema): CostModel {
  const problems = findUndeclaredCosts(schema);
  if (problems.length > 0) throw new Error(`the costs do not fit the schema: ${problems.join("; ")}`);
  const roots = new Map([
    [schema.getQueryType()?.name ?? "", ROOT_WEIGHTS.Query],
    [schema.getMutationType()?.name ?? "", ROOT_WEIGHTS.Mutation],
  ]);
  return {
    weightOf: (type, field) => FIELD_WEIGHTS[`${type}.${field}`] ?? roots.get(type) ?? FIELD_WEIGHT,
    objectWeightOf: (type) => (Object.hasOwn(OBJECT_WEIGHTS, type) ? (OBJECT_WEIGHTS[type] ?? 0) : 0),
    sizeOf: (type, field) => LIST_SIZES[`${type}.${field}`],
  };
}

/** One sentence for each list of objects without a size, and for each line that names nothing. */
export function findUndeclaredCosts(schema: GraphQLSchema): readonly string[] {
  const objects = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith("__"),
  );
  const coordinates = new Set(objects.map((type) => type.name));
  const problems: string[] = [];
  for (const type of objects) {
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      coordinates.add(coordinate);
      if (isListOfObjects(field) && field.name !== PAGE_LIST && LIST_SIZES[coordinate] === undefined)
        problems.push(`${coordinate} is a list without a size in schema/budgets/costs.ts`);
    }
  }
  for (const name of [FIELD_WEIGHTS, LIST_SIZES, OBJECT_WEIGHTS].flatMap((table) => Object.keys(table)))
    if (!coordinates.has(name))
      problems.push(`schema/budgets/costs.ts names ${name}, which the schema has not`);
  return problems;
}

function isListOfObjects(field: GraphQLField<unknown, unknown>): boolean {
  return hasList(field.type) && isCompositeType(getNamedType(field.type));
}

/** True for `[T]`, `[T!]!`, `[[T]]` and so on. */
export function hasList(type: GraphQLOutputType): boolean {
  return isListType(type) || (isNonNullType(type) && hasList(type.ofType as GraphQLOutputType));
}
