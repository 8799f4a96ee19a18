import { type FieldNode, getNamedType, type GraphQLObjectType, isAbstractType, isObjectType } from "graphql";
import type { Category } from "../../schema/categories.js";
import type { Operation } from "../inquiry.js";
import { categoriesOf, type PolicyIndex } from "../policies.js";
import { collectFields } from "../selections.js";

/** Every category that a selection below `type` would open, aliases, fragments and abstract types included. */
export function askedCategories(
  index: PolicyIndex,
  operation: Operation,
  start: { readonly type: GraphQLObjectType; readonly nodes: readonly FieldNode[] },
): ReadonlySet<Category> {
  const asked = new Set<Category>();
  const visit = (type: GraphQLObjectType, nodes: readonly FieldNode[]): void => {
    const fields = type.getFields();
    for (const selected of collectFields(
      operation,
      type,
      nodes.map((node) => node.selectionSet),
    ).values()) {
      const name = selected[0]?.name.value ?? "";
      for (const category of categoriesOf(index, type.name, name)) asked.add(category);
      const inner = fields[name] === undefined ? undefined : getNamedType(fields[name].type);
      if (isObjectType(inner)) visit(inner, selected);
      else if (isAbstractType(inner))
        for (const possible of operation.schema.getPossibleTypes(inner)) visit(possible, selected);
    }
  };
  visit(start.type, start.nodes);
  return asked;
}
