import { type Category, isCategory } from "../schema/categories.js";

/** Alternatives of terms that must all hold: `consent:TRANSACTIONS`, `party:bank`, `scope:profile:read`. */
export type Policy = readonly (readonly string[])[];

/** The rules of a supergraph by coordinate, read once per supergraph. */
export interface PolicyIndex {
  /** Rules on a field itself: `Merchant.transactions`. */
  readonly fields: ReadonlyMap<string, Policy>;
  /** Rules on every field of a type: `Transactions`. */
  readonly types: ReadonlyMap<string, Policy>;
}

/** The categories that a field of a type needs, from its own rule and its type's. */
export function categoriesOf(index: PolicyIndex, typeName: string, fieldName: string): readonly Category[] {
  const policies = [index.fields.get(`${typeName}.${fieldName}`), index.types.get(typeName)];
  const found = new Set<Category>();
  for (const term of policies.flatMap((policy) => policy?.flat() ?? [])) {
    const category = term.startsWith("consent:") ? term.slice("consent:".length) : undefined;
    if (isCategory(category)) found.add(category);
  }
  return [...found];
}
