import { getNamedType, type GraphQLObjectType, isAbstractType, isObjectType } from "graphql";
import type { Category } from "../../schema/categories.js";
import type { Operation } from "../inquiry.js";
import { type Needs, needsOf, type PolicyIndex } from "../policies.js";
import type { Shape } from "../shape/shape.js";

/** What is asked for: categories, and at which level. Some are asked for at both. */
export interface Asked extends Needs {
  /** Categories of which a field asks something else than single records. */
  readonly figures: ReadonlySet<Category>;
}

/** Every category that a selection below `type` would open, and at which level; aliases, fragments and abstract types included. */
export function askedCategories(
  index: PolicyIndex,
  { schema, variables }: Operation,
  start: { readonly type: GraphQLObjectType; readonly shape: Shape | undefined },
): Asked {
  const categories = new Set<Category>();
  const records = new Set<Category>();
  const figures = new Set<Category>();
  const visit = (type: GraphQLObjectType, shape: Shape | undefined): void => {
    for (const field of shape?.fieldsOf(type) ?? []) {
      if (!field.isIncluded(variables)) continue;
      const needs = needsOf(index, type.name, field.name);
      for (const category of needs.categories) {
        categories.add(category);
        if (!needs.records.has(category)) figures.add(category);
      }
      for (const category of needs.records) records.add(category);
      const inner = field.type === undefined ? undefined : getNamedType(field.type);
      if (isObjectType(inner)) visit(inner, field.inner);
      else if (isAbstractType(inner))
        for (const possible of schema.getPossibleTypes(inner)) visit(possible, field.inner);
    }
  };
  visit(start.type, start.shape);
  return { categories, records, figures };
}
