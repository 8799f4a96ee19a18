import type { FrequencyPeriod } from "./purposes.js";
import type { Rulebook, RuleId } from "./rulebook-form.js";
import { CN_2026_2 } from "./rulebooks/cn-2026-2.js";
import { usccRegime } from "./uscc.js";

export type { Rule, Rulebook, RuleId } from "./rulebook-form.js";

/** The rulebook of mainland China that is in force. */
export const CN_RULEBOOK: Rulebook = CN_2026_2;

/** The article that a rule rests on for one merchant. */
export function articleOf(rulebook: Rulebook, rule: RuleId, merchant: string): string {
  return rulebook.rules[rule].article[usccRegime(merchant)];
}

/**
 * Most periods of the first kind that one period of the second kind can touch: a month of 31 days that starts on a
 * Sunday touches six weeks.
 */
const TOUCHES: Readonly<Record<FrequencyPeriod, Readonly<Record<FrequencyPeriod, number>>>> = {
  DAY: { DAY: 1, WEEK: 7, MONTH: 31, TOTAL: Number.POSITIVE_INFINITY },
  WEEK: { DAY: 1, WEEK: 1, MONTH: 6, TOTAL: Number.POSITIVE_INFINITY },
  MONTH: { DAY: 1, WEEK: 2, MONTH: 1, TOTAL: Number.POSITIVE_INFINITY },
  TOTAL: { DAY: 1, WEEK: 1, MONTH: 1, TOTAL: 1 },
};

/** The most inquiries that an agreed frequency can let into one period of another kind. */
export function usesAtMost(
  agreed: { readonly count: number; readonly period: FrequencyPeriod },
  per: FrequencyPeriod,
): number {
  return agreed.count === 0 ? 0 : agreed.count * TOUCHES[agreed.period][per];
}
