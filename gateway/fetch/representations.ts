import { type DocumentNode, Kind, parse, type SelectionNode, type SelectionSetNode } from "graphql";
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

/** One fetch of entities, as it would be sent. */
interface EntityFetch {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly representations: readonly unknown[];
}

/** What one field of an entity needs, and whether the variables leave it in. */
interface Reading {
  readonly needs: Needs;
  readonly isRead: (variables: Readonly<Record<string, unknown>>) => boolean;
}

/** The third point of enforcement: which entities one fetch may name. */
export class RepresentationGate {
  readonly #index: PolicyIndex;
  readonly #readings = new Lru<string, readonly Reading[]>(OPERATIONS_MAX);

  constructor(index: PolicyIndex) {
    this.#index = index;
  }

  /** Drops entities for which no inquiry opens any field that this fetch reads; anything but a merchant too. */
  admit(authorized: Authorized, { query, variables, representations }: EntityFetch): AdmittedRepresentations {
    const read = this.#readingsOf(query).flatMap(({ needs, isRead }) => (isRead(variables) ? [needs] : []));
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

type Condition = Reading["isRead"];

/** Every field directly on an entity, through fragments however they are nested. */
function readingsIn(document: DocumentNode, index: PolicyIndex): readonly Reading[] {
  const found: Reading[] = [];
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const visit = (set: SelectionSetNode, type: string | undefined, outer: readonly Condition[]): void => {
    for (const node of set.selections) {
      const conditions = [...outer, ...conditionsOf(node)];
      if (node.kind === Kind.FIELD) {
        if (type === undefined) continue;
        const needs = needsOf(index, type, node.name.value);
        found.push({ needs, isRead: (variables) => conditions.every((holds) => holds(variables)) });
        continue;
      }
      const source = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      if (source !== undefined)
        visit(source.selectionSet, source.typeCondition?.name.value ?? type, conditions);
    }
  };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    for (const root of definition.selectionSet.selections)
      if (root.kind === Kind.FIELD && root.selectionSet !== undefined)
        visit(root.selectionSet, undefined, []);
  }
  return found;
}

function conditionsOf(node: SelectionNode): readonly Condition[] {
  return (node.directives ?? []).flatMap(({ name, arguments: [argument] = [] }) => {
    const value = argument?.value;
    if (value === undefined || (name.value !== "skip" && name.value !== "include")) return [];
    const wanted = name.value === "include";
    return [
      (variables: Readonly<Record<string, unknown>>) =>
        (value.kind === Kind.VARIABLE ? variables[value.name.value] : "value" in value && value.value) ===
        wanted,
    ];
  });
}
