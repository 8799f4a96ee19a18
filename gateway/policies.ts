import { type Category, isCategory } from "../schema/categories.js";
import type { Principal } from "../schema/claims.js";
import type { Withheld } from "./inquiry.js";

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

/** What a rule is judged against: who asks, and what was granted of the merchant at hand (nothing outside one). */
export interface Standing {
  readonly principal: Principal;
  readonly granted: ReadonlySet<Category>;
}

/** Why a field may not leave: a category that is missing, or a party or scope that does not fit. */
export type Objection =
  | { readonly kind: "category"; readonly category: string }
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
  if (fieldName === "__typename") return undefined;
  return (
    judge(index.fields.get(`${typeName}.${fieldName}`), standing) ??
    judge(index.types.get(typeName), standing)
  );
}

function judge(policy: Policy | undefined, standing: Standing): Objection | undefined {
  if (policy === undefined) return undefined;
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

function holds(term: string, { principal, granted }: Standing): boolean {
  const colon = term.indexOf(":");
  const value = term.slice(colon + 1);
  switch (term.slice(0, colon)) {
    case "consent":
      return (granted as ReadonlySet<string>).has(value);
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
  if (term.startsWith("scope:")) {
    return {
      kind: "party",
      error: { code: "INSUFFICIENT_SCOPE", facts: { scope: term.slice("scope:".length) } },
    };
  }
  return { kind: "party", error: { code: "FORBIDDEN", facts: {} } };
}
