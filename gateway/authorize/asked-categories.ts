import { type FieldNode, getNamedType, type GraphQLObjectType, isAbstractType, isObjectType } from "graphql";
import type { Category } from "../../schema/categories.js";
import type { Operation } from "../inquiry.js";
import { type Needs, needsOf, type PolicyIndex } from "../policies.js";
import { collectFields } from "../selections.js";

/** What is asked for: categories, and at which level. Some are asked for at both. */
export interface Asked extends Needs {
  /** Categories of which a field asks something else than single records. */
  readonly figures: ReadonlySet<Category>;
}

/** Every category that a selection below `type` would open, and at which level; aliases, fragments and abstract types included. */
export function askedCategories(
  index: PolicyIndex,
  operation: Operation,
  start: { readonly type: GraphQLObjectType; readonly nodes: readonly FieldNode[] },
): Asked {
  const categories = new Set<Category>();
  const records = new Set<Category>();
  const figures = new Set<Category>();
  const visit = (type: GraphQLObjectType, nodes: readonly FieldNode[]): void => {
    const fields = type.getFields();
    for (const selected of collectFields(
      operation,
      type,
      nodes.map((node) => node.selectionSet),
    ).values()) {
      const name = selected[0]?.name.value ?? "";
      const needs = needsOf(index, type.name, name);
      for (const category of needs.categories) {
        categories.add(category);
        if (!needs.records.has(category)) figures.add(category);
      }
      for (const category of needs.records) records.add(category);
      const inner = fields[name] === undefined ? undefined : getNamedType(fields[name].type);
      if (isObjectType(inner)) visit(inner, selected);
      else if (isAbstractType(inner))
        for (const possible of operation.schema.getPossibleTypes(inner)) visit(possible, selected);
    }
  };
  visit(start.type, start.nodes);
  return { categories, records, figures };
}
