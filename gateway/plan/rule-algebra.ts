import type { Policy } from "../policies.js";

/** A rule that always holds: one alternative without any term. */
export const OPEN: Policy = [[]];

/** More alternatives than a person can read are no rule; it also bounds the product of many rules. */
const ALTERNATIVES_MAX = 64;

/** Both rules at once: every alternative of one beside every alternative of the other. @throws RangeError */
export function bothOf(a: Policy, b: Policy): Policy {
  const joined = new Map<string, readonly string[]>();
  for (const left of a)
    for (const right of b) {
      const terms = [...new Set([...left, ...right])].sort();
      joined.set(terms.join(" "), terms);
    }
  if (joined.size > ALTERNATIVES_MAX) throw new RangeError(`a rule of ${joined.size} alternatives`);
  return [...joined.values()];
}

/**
 * True when whoever satisfies `stronger` satisfies `weaker` too: each alternative of the stronger holds all terms of
 * some alternative of the weaker.
 */
export function implies(stronger: Policy, weaker: Policy): boolean {
  return stronger.every((held) => weaker.some((needed) => needed.every((term) => held.includes(term))));
}

/** True when both let exactly the same callers through. */
export function isSameRule(a: Policy, b: Policy): boolean {
  return implies(a, b) && implies(b, a);
}

/** For a person: `consent:A and consent:B, or party:merchant`. */
export function describeRule(rule: Policy): string {
  return rule.map((terms) => (terms.length === 0 ? "no rule" : terms.join(" and "))).join(", or ");
}
