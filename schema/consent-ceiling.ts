import type { ConsentTerms } from "./consent-terms.js";
import type { Purpose } from "./purposes.js";
import { type Rulebook, type RuleId, usesAtMost } from "./rulebook.js";

const DAY_MS = 86_400_000;

/** The part of the terms that the merchant and the bank agree on. */
export type AgreedTerms = Pick<
  ConsentTerms,
  "categories" | "lookbackMonths" | "startsAt" | "expiresAt" | "frequency"
>;

/** A term that a purpose does not allow. */
export interface CeilingProblem {
  readonly field: "purpose" | "categories" | "lookbackMonths" | "startsAt" | "expiresAt" | "frequency";
  readonly rule: RuleId;
  /** `BAD_USER_INPUT` where no purpose would allow it. */
  readonly code: "PURPOSE_CEILING_EXCEEDED" | "BAD_USER_INPUT";
  /** For the asker; no values but the ceiling's. */
  readonly problem: string;
}

/**
 * Every way in which terms go beyond what the rulebook allows for a purpose, or are no terms at all; empty when they
 * may be agreed (最小必要, 征信业务管理办法 第七条).
 */
export function withinCeiling(
  purpose: Purpose,
  terms: AgreedTerms,
  rulebook: Rulebook,
): readonly CeilingProblem[] {
  const ceiling = rulebook.ceilings[purpose];
  if (ceiling.frequencyMax.count === 0) {
    const problem = `${purpose} is not a purpose of banks`;
    return [{ field: "purpose", rule: "ceiling.purpose", code: "PURPOSE_CEILING_EXCEEDED", problem }];
  }
  const problems: CeilingProblem[] = [];
  const exceeds = (field: CeilingProblem["field"], rule: RuleId, problem: string): void =>
    void problems.push({ field, rule, code: "PURPOSE_CEILING_EXCEEDED", problem });
  const malformed = (field: CeilingProblem["field"], rule: RuleId, problem: string): void =>
    void problems.push({ field, rule, code: "BAD_USER_INPUT", problem });
  if (terms.categories.length === 0)
    malformed("categories", "ceiling.category", "at least one category must be named");
  for (const category of new Set(terms.categories)) {
    if (!ceiling.categories.includes(category))
      exceeds("categories", "ceiling.category", `${purpose} does not need ${category}`);
  }
  const { lookbackMonthsMax, lifeDaysMax, frequencyMax } = ceiling;
  if (!isCount(terms.lookbackMonths))
    malformed("lookbackMonths", "ceiling.lookback", "lookbackMonths must be at least 1");
  else if (terms.lookbackMonths > lookbackMonthsMax) {
    exceeds("lookbackMonths", "ceiling.lookback", `lookbackMonths must be 1 to ${lookbackMonthsMax}`);
  }
  const lifeMs = Date.parse(terms.expiresAt) - Date.parse(terms.startsAt);
  if (!(lifeMs > 0)) malformed("expiresAt", "ceiling.life", "expiresAt must be after startsAt");
  else if (lifeMs > lifeDaysMax * DAY_MS) {
    exceeds("expiresAt", "ceiling.life", `a consent for ${purpose} lives at most ${lifeDaysMax} days`);
  }
  if (!isCount(terms.frequency.count))
    malformed("frequency", "ceiling.frequency", "frequency.count must be at least 1");
  else if (usesAtMost(terms.frequency, frequencyMax.period) > frequencyMax.count) {
    exceeds(
      "frequency",
      "ceiling.frequency",
      `at most ${frequencyMax.count} inquiries a ${frequencyMax.period}`,
    );
  }
  return problems;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
