import { type DocumentNode, Kind, parse, type SelectionSetNode } from "graphql";
import { LRUCache } from "lru-cache";
import type { Authorized, Inquiry } from "../inquiry.js";
import { type Needs, needsOf, type PolicyIndex } from "../policies.js";
import { type Condition, conditionsOf, isIncluded } from "../graph/conditions.js";
import { fragmentsOf } from "../graph/gather.js";

const OPERATIONS_MAX = 2_000;

/** The representations that may be asked about, and where each stood in the list. */
export interface AdmittedRepresentations {
  readonly total: number;
  readonly kept: readonly unknown[];
  readonly positions: readonly number[];
  readonly merchants: ReadonlySet<string>;
}

/** One fetch of entities, as it would be sent. */
interface EntityFetch {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly representations: readonly unknown[];
  /** The response key under which the entities are asked for. */
  readonly responseKey: string;
}

/** What one field of an entity needs, and whether the variables leave it in. */
interface Reading {
  /** Response key of the `_entities` field that reads it. */
  readonly under: string;
  readonly needs: Needs;
  readonly isRead: (variables: Readonly<Record<string, unknown>>) => boolean;
}

/** The third point of enforcement: which entities one fetch may name. */
export class RepresentationGate {
  readonly #index: PolicyIndex;
  readonly #readings = new LRUCache<string, readonly Reading[]>({ max: OPERATIONS_MAX });

  constructor(index: PolicyIndex) {
    this.#index = index;
  }

  /** Drops entities for which no inquiry opens any field that this fetch reads; anything but a merchant too. */
  admit(authorized: Authorized, fetch: EntityFetch): AdmittedRepresentations {
    const { query, variables, representations, responseKey } = fetch;
    const read = this.#readingsOf(query).flatMap(({ under, needs, isRead }) =>
      under === responseKey && isRead(variables) ? [needs] : [],
    );
    const kept: unknown[] = [];
    const positions: number[] = [];
    const merchants = new Set<string>();
    for (const [i, representation] of representations.entries()) {
      const { __typename: typeName, id } = representation as { __typename?: unknown; id?: unknown };
      const inquiry =
        typeName === "Merchant" && typeof id === "string" ? authorized.inquiries.get(id) : undefined;
      if (inquiry === undefined || !read.some((needs) => opens(inquiry, needs))) continue;
      kept.push(representation);
      positions.push(i);
      merchants.add(inquiry.merchant);
    }
    return { total: representations.length, kept, positions, merchants };
  }

  #readingsOf(query: string): readonly Reading[] {
    const known = this.#readings.get(query);
    if (known !== undefined) return known;
    const found = readingsIn(parse(query, { noLocation: true }), this.#index);
    this.#readings.set(query, found);
    return found;
  }
}

/** One category is enough, at the level that the field reads: its other terms are judged at release. */
function opens(inquiry: Inquiry, { categories, records }: Needs): boolean {
  return [...categories].some((category) =>
    records.has(category) ? inquiry.records.has(category) : inquiry.granted.has(category),
  );
}

interface Place {
  readonly under: string;
  readonly type: string | undefined;
  readonly conditions: readonly Condition[];
}

/** Every field directly on an entity, through fragments however they are nested. */
function readingsIn(document: DocumentNode, index: PolicyIndex): readonly Reading[] {
  const found: Reading[] = [];
  const fragments = fragmentsOf(document);
  const visit = (set: SelectionSetNode, place: Place): void => {
    for (const node of set.selections) {
      const own = conditionsOf(node);
      if (own === undefined) continue;
      const conditions = [...place.conditions, ...own];
      if (node.kind === Kind.FIELD) {
        if (place.type === undefined) continue;
        const needs = needsOf(index, place.type, node.name.value);
        found.push({
          under: place.under,
          needs,
          isRead: (variables) => isIncluded([conditions], variables),
        });
        continue;
      }
      const source = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      if (source === undefined) continue;
      visit(source.selectionSet, {
        ...place,
        type: source.typeCondition?.name.value ?? place.type,
        conditions,
      });
    }
  };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    for (const root of definition.selectionSet.selections)
      if (root.kind === Kind.FIELD && root.selectionSet !== undefined)
        visit(root.selectionSet, { under: (root.alias ?? root.name).value, type: undefined, conditions: [] });
  }
  return found;
}
