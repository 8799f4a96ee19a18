import { type AgreedTerms, withinCeiling } from "../../schema/consent/ceiling.js";
import { clampToCeiling } from "../../schema/consent/clamp.js";
import { BureauError } from "../../schema/errors.js";
import type { Purpose } from "../../schema/purposes.js";
import { articleOf, type Rulebook } from "../../schema/rulebook.js";
import type { CutTerm } from "./consent-store.js";

/** What is done with terms beyond the purpose: refuse them all, or cut them down and say so. */
export const OUT_OF_RANGE = ["REFUSE", "CLAMP"] as const;
export type OutOfRange = (typeof OUT_OF_RANGE)[number];

/** Terms as they were asked for. */
export interface AskedTerms {
  readonly merchant: string;
  readonly purpose: Purpose;
  readonly terms: AgreedTerms;
  readonly outOfRange: OutOfRange;
}

/**
 * The terms that may be agreed, each category and account named once, with what was cut.
 * @throws PURPOSE_CEILING_EXCEEDED, BAD_USER_INPUT for the first problem; all of them are in the facts
 */
export function agreeTerms(
  rulebook: Rulebook,
  { merchant, purpose, terms, outOfRange }: AskedTerms,
): { readonly terms: AgreedTerms; readonly cuts: readonly CutTerm[] } {
  const asked = onceEach(terms);
  const { terms: given, cuts } =
    outOfRange === "CLAMP" ? clampToCeiling(purpose, asked, rulebook) : { terms: asked, cuts: [] };
  // Where cutting left nothing to agree on, what was asked says why.
  const isEmpty = given.categories.length === 0;
  requireWithinCeiling(rulebook, { merchant, purpose, terms: isEmpty ? asked : given });
  return {
    terms: given,
    cuts: cuts.map((cut) => ({ ...cut, article: articleOf(rulebook, cut.rule, merchant) })),
  };
}

function onceEach(terms: AgreedTerms): AgreedTerms {
  const { categories, records, loan } = terms;
  const once = <T>(list: readonly T[]): readonly T[] => [...new Set(list)];
  return {
    ...terms,
    categories: once(categories),
    ...(records === undefined ? {} : { records: once(records) }),
    ...(loan === undefined
      ? {}
      : {
          loan: {
            ...loan,
            categories: once(loan.categories),
            ...(loan.records === undefined ? {} : { records: once(loan.records) }),
          },
        }),
  };
}

function requireWithinCeiling(
  rulebook: Rulebook,
  { merchant, purpose, terms }: Omit<AskedTerms, "outOfRange">,
): void {
  const problems = withinCeiling(purpose, terms, rulebook);
  const first = problems[0];
  if (first === undefined) return;
  throw new BureauError(first.code, first.problem, {
    facts: {
      argument: first.field,
      problem: first.problem,
      rule: first.rule,
      article: articleOf(rulebook, first.rule, merchant),
      fix: rulebook.rules[first.rule].fix,
      problems: problems.map(({ field, rule, problem }) => ({ field, rule, problem })),
    },
  });
}

/** BAD_USER_INPUT that names the argument and says what is wrong with it; for the caller to throw. */
export function refuseArgument(argument: string, problem: string): BureauError {
  return new BureauError("BAD_USER_INPUT", problem, { facts: { argument, problem } });
}
