import type { ConsentTerms } from "./consent-terms.js";
import type { Purpose } from "./purposes.js";
import { type Rulebook, type RuleId, usesAtMost } from "./rulebook.js";

const DAY_MS = 86_400_000;

/** The part of the terms that the merchant and the bank agree on. */
export type AgreedTerms = Pick<ConsentTerms, "categories" | "lookbackMonths" | "startsAt" | "expiresAt" | "frequency">;

/** A term that a purpose does not allow. */
export interface CeilingProblem {
  readonly field: "purpose" | "categories" | "lookbackMonths" | "startsAt" | "expiresAt" | "frequency";
  readonly rule: RuleId;
  /** For the asker; no values but the ceiling's. */
  readonly problem: string;
}

/**
 * Every way in which terms go beyond what the rulebook allows for a purpose, or are no terms at all; empty when they
 * may be agreed (最小必要, 征信业务管理办法 第七条).
 */
export function withinCeiling(purpose: Purpose, terms: AgreedTerms, rulebook: Rulebook): readonly CeilingProblem[] {
  const ceiling = rulebook.ceilings[purpose];
  if (ceiling.frequencyMax.count === 0) {
    return [{ field: "purpose", rule: "ceiling.purpose", problem: `${purpose} is not a purpose of banks` }];
  }
  const problems: CeilingProblem[] = [];
  const add = (field: CeilingProblem["field"], rule: RuleId, problem: string): void => void problems.push({ field, rule, problem });
  if (terms.categories.length === 0) add("categories", "ceiling.category", "at least one category must be named");
  for (const category of new Set(terms.categories)) {
    if (!ceiling.categories.includes(category)) add("categories", "ceiling.category", `${purpose} does not need ${category}`);
  }
  if (!isCount(terms.lookbackMonths) || terms.lookbackMonths > ceiling.lookbackMonthsMax) {
    add("lookbackMonths", "ceiling.lookback", `lookbackMonths must be 1 to ${ceiling.lookbackMonthsMax}`);
  }
  const lifeMs = Date.parse(terms.expiresAt) - Date.parse(terms.startsAt);
  if (!(lifeMs > 0)) add("expiresAt", "ceiling.life", "expiresAt must be after startsAt");
  else if (lifeMs > ceiling.lifeDaysMax * DAY_MS) {
    add("expiresAt", "ceiling.life", `a consent for ${purpose} lives at most ${ceiling.lifeDaysMax} days`);
  }
  const { count, period } = ceiling.frequencyMax;
  if (!isCount(terms.frequency.count) || usesAtMost(terms.frequency, period) > count) {
    add("frequency", "ceiling.frequency", `at most ${count} inquiries a ${period}, and at least one`);
  }
  return problems;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
