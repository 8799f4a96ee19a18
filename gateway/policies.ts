import { type Category, isCategory } from "../schema/categories.js";
import type { Principal } from "../schema/claims.js";
import type { Withheld } from "./inquiry.js";

/**
 * Alternatives of terms that must all hold: `consent:TRANSACTIONS` (granted), `records:TRANSACTIONS` (granted with its
 * single records), `party:bank`, `scope:profile:read`.
 */
export type Policy = readonly (readonly string[])[];

/** The rules of a supergraph by coordinate, read once per supergraph. */
export interface PolicyIndex {
  /** Rules on a field itself: `Merchant.transactions`. */
  readonly fields: ReadonlyMap<string, Policy>;
  /** Rules on every field of a type: `Transactions`. */
  readonly types: ReadonlyMap<string, Policy>;
}

/** What a field needs of a consent: categories, and those of them whose single records it reads. */
export interface Needs {
  readonly categories: ReadonlySet<Category>;
  readonly records: ReadonlySet<Category>;
}

/** What the rules say of one field of a type. */
export interface FieldRules {
  readonly needs: Needs;
  /** True where neither the field nor its type carries a rule. */
  readonly isOpen: boolean;
  /** True where the field carries a rule itself. */
  readonly isOwn: boolean;
  /** The field's own and its type's; all must hold. */
  readonly policies: readonly Policy[];
}

const read = new WeakMap<PolicyIndex, Map<string, Map<string, FieldRules>>>();

/** The rules of a field, put together once for each index: they are asked for with every value of every answer. */
export function rulesAt(index: PolicyIndex, typeName: string, fieldName: string): FieldRules {
  let ofIndex = read.get(index);
  if (ofIndex === undefined) read.set(index, (ofIndex = new Map()));
  let ofType = ofIndex.get(typeName);
  if (ofType === undefined) ofIndex.set(typeName, (ofType = new Map()));
  let rules = ofType.get(fieldName);
  if (rules === undefined) ofType.set(fieldName, (rules = readRules(index, typeName, fieldName)));
  return rules;
}

function readRules(index: PolicyIndex, typeName: string, fieldName: string): FieldRules {
  const own = index.fields.get(`${typeName}.${fieldName}`);
  const policies = [own, index.types.get(typeName)].filter((policy) => policy !== undefined);
  const categories = new Set<Category>();
  const records = new Set<Category>();
  for (const term of policies.flatMap((policy) => policy.flat())) {
    const [kind, category] = term.split(":", 2);
    if (!isCategory(category)) continue;
    if (kind === "consent" || kind === "records") categories.add(category);
    if (kind === "records") records.add(category);
  }
  const needs = { categories, records };
  return { needs, policies, isOpen: policies.length === 0, isOwn: own !== undefined };
}

/** What a field of a type needs, from its own rule and its type's. Whoever needs records needs the category. */
export function needsOf(index: PolicyIndex, typeName: string, fieldName: string): Needs {
  return rulesAt(index, typeName, fieldName).needs;
}

/** What a rule is judged against: who asks, and what was granted of the merchant at hand (nothing outside one). */
export interface Standing {
  readonly principal: Principal;
  readonly granted: ReadonlySet<Category>;
  /** Of `granted`: those whose single records were granted too. */
  readonly records: ReadonlySet<Category>;
}

/** Why a field may not leave: a category or its records are missing, or a party or scope does not fit. */
export type Objection =
  | { readonly kind: "category" | "records"; readonly category: string }
  | { readonly kind: "party"; readonly error: Withheld };

/**
 * Judges a field by its own rule and its type's rule; both must hold. A rule is a list of alternatives, an alternative
 * a list of terms that must all hold; an unknown term never holds.
 */
export function objectionTo(
  index: PolicyIndex,
  coordinate: readonly [string, string],
  standing: Standing,
): Objection | undefined {
  const [typeName, fieldName] = coordinate;
  return fieldName === "__typename"
    ? undefined
    : objectionUnder(rulesAt(index, typeName, fieldName), standing);
}

/** The same for rules that are at hand. */
export function objectionUnder({ policies }: FieldRules, standing: Standing): Objection | undefined {
  for (const policy of policies) {
    const objection = judge(policy, standing);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function judge(policy: Policy, standing: Standing): Objection | undefined {
  let objection: Objection | undefined;
  for (const alternative of policy) {
    const failing = alternative.find((term) => !holds(term, standing));
    if (failing === undefined) return undefined;
    objection = nearer(objection, describe(failing));
  }
  return objection ?? describe("");
}

/** Of several failed alternatives, a missing scope says more than a party that does not fit. */
function nearer(known: Objection | undefined, next: Objection): Objection {
  if (known === undefined) return next;
  return next.kind === "party" && next.error.code === "INSUFFICIENT_SCOPE" ? next : known;
}

function holds(term: string, { principal, granted, records }: Standing): boolean {
  const colon = term.indexOf(":");
  const value = term.slice(colon + 1);
  switch (term.slice(0, colon)) {
    case "consent":
      return (granted as ReadonlySet<string>).has(value);
    case "records":
      return (granted as ReadonlySet<string>).has(value) && (records as ReadonlySet<string>).has(value);
    case "party":
      return principal.party === value;
    case "scope":
      return (principal.scopes as ReadonlySet<string>).has(value);
    default:
      return false;
  }
}

function describe(term: string): Objection {
  if (term.startsWith("consent:")) return { kind: "category", category: term.slice("consent:".length) };
  if (term.startsWith("records:")) return { kind: "records", category: term.slice("records:".length) };
  if (term.startsWith("scope:")) {
    return {
      kind: "party",
      error: { code: "INSUFFICIENT_SCOPE", facts: { scope: term.slice("scope:".length) } },
    };
  }
  return { kind: "party", error: { code: "FORBIDDEN", facts: {} } };
}
