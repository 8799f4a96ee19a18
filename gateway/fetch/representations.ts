import { type DocumentNode, Kind, parse, visit } from "graphql";
import { Lru } from "../../foundation/lru.js";
import type { Category } from "../../schema/categories.js";
import type { Authorized } from "../inquiry.js";
import { categoriesOf, type PolicyIndex } from "../policies.js";

const OPERATIONS_MAX = 2_000;

/** The representations that may be asked about, and where each stood in the list. */
export interface AdmittedRepresentations {
  readonly total: number;
  readonly kept: readonly unknown[];
  readonly positions: readonly number[];
  readonly merchants: ReadonlySet<string>;
}

/** The third point of enforcement: which entities one fetch may name. */
export class RepresentationGate {
  readonly #index: PolicyIndex;
  readonly #categories = new Lru<string, ReadonlySet<Category>>(OPERATIONS_MAX);

  constructor(index: PolicyIndex) {
    this.#index = index;
  }

  /** Drops entities for which no inquiry opens any category that this fetch reads; anything but a merchant too. */
  admit(authorized: Authorized, query: string, representations: readonly unknown[]): AdmittedRepresentations {
    const categories = this.#categoriesOf(query);
    const kept: unknown[] = [];
    const positions: number[] = [];
    const merchants = new Set<string>();
    for (const [i, representation] of representations.entries()) {
      const { __typename: typeName, id } = representation as { __typename?: unknown; id?: unknown };
      const inquiry =
        typeName === "Merchant" && typeof id === "string" ? authorized.inquiries.get(id) : undefined;
      if (inquiry === undefined || ![...categories].some((category) => inquiry.granted.has(category)))
        continue;
      kept.push(representation);
      positions.push(i);
      merchants.add(inquiry.merchant);
    }
    return { total: representations.length, kept, positions, merchants };
  }

  #categoriesOf(query: string): ReadonlySet<Category> {
    const known = this.#categories.get(query);
    if (known !== undefined) return known;
    const found = categoriesIn(parse(query, { noLocation: true }), this.#index);
    this.#categories.set(query, found);
    return found;
  }
}

function categoriesIn(document: DocumentNode, index: PolicyIndex): ReadonlySet<Category> {
  const found = new Set<Category>();
  visit(document, {
    InlineFragment(node) {
      const typeName = node.typeCondition?.name.value;
      if (typeName === undefined) return;
      for (const selection of node.selectionSet.selections) {
        if (selection.kind !== Kind.FIELD) continue;
        for (const category of categoriesOf(index, typeName, selection.name.value)) found.add(category);
      }
    },
  });
  return found;
}
