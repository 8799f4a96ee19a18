import { type DocumentNode, Kind, parse, visit } from "graphql";
import { Lru } from "../../foundation/lru.js";
import type { Authorized, Inquiry } from "../inquiry.js";
import { type Needs, needsOf, type PolicyIndex } from "../policies.js";

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
  readonly #needs = new Lru<string, readonly Needs[]>(OPERATIONS_MAX);

  constructor(index: PolicyIndex) {
    this.#index = index;
  }

  /** Drops entities for which no inquiry opens any field that this fetch reads; anything but a merchant too. */
  admit(authorized: Authorized, query: string, representations: readonly unknown[]): AdmittedRepresentations {
    const needs = this.#needsOf(query);
    const kept: unknown[] = [];
    const positions: number[] = [];
    const merchants = new Set<string>();
    for (const [i, representation] of representations.entries()) {
      const { __typename: typeName, id } = representation as { __typename?: unknown; id?: unknown };
      const inquiry =
        typeName === "Merchant" && typeof id === "string" ? authorized.inquiries.get(id) : undefined;
      if (inquiry === undefined || !needs.some((one) => opens(inquiry, one))) continue;
      kept.push(representation);
      positions.push(i);
      merchants.add(inquiry.merchant);
    }
    return { total: representations.length, kept, positions, merchants };
  }

  #needsOf(query: string): readonly Needs[] {
    const known = this.#needs.get(query);
    if (known !== undefined) return known;
    const found = needsIn(parse(query, { noLocation: true }), this.#index);
    this.#needs.set(query, found);
    return found;
  }
}

/** One category is enough, at the level that the field reads: its other terms are judged at release. */
function opens(inquiry: Inquiry, { categories, records }: Needs): boolean {
  return [...categories].some((category) =>
    records.has(category) ? inquiry.records.has(category) : inquiry.granted.has(category),
  );
}

/** What each field needs that the query reads of an entity. */
function needsIn(document: DocumentNode, index: PolicyIndex): readonly Needs[] {
  const found: Needs[] = [];
  visit(document, {
    InlineFragment(node) {
      const typeName = node.typeCondition?.name.value;
      if (typeName === undefined) return;
      for (const selection of node.selectionSet.selections)
        if (selection.kind === Kind.FIELD) found.push(needsOf(index, typeName, selection.name.value));
    },
  });
  return found;
}
