import type { Category } from "../categories.js";
import type { AgreedLoanTerms, ConsentTerms, Frequency } from "../consent-terms.js";
import type { Purpose, PurposeCeiling } from "../purposes.js";
import { type Rulebook, type RuleId, usesAtMost } from "../rulebook.js";

const DAY_MS = 86_400_000;

/** Most seller accounts that one consent may name; a longer list would not fit into a portfolio's permit. */
export const ACCOUNTS_MAX = 20;
/** What a platform or a seller account may be called: visible ASCII, as in the feeds. */
const ACCOUNT_ID = /^[\x21-\x7e]{1,128}$/;

/** The part of the terms that the merchant and the bank agree on. */
export type AgreedTerms = Pick<
  ConsentTerms,
  "categories" | "records" | "accounts" | "lookbackMonths" | "startsAt" | "expiresAt" | "frequency"
> & { readonly loan?: AgreedLoanTerms };

/** A term, as it is called in the input. */
export type TermField =
  | "purpose"
  | "startsAt"
  | "expiresAt"
  | "accounts"
  | "loan"
  | "loan.lifeDays"
  | `${"" | "loan."}${"categories" | "records" | "lookbackMonths" | "frequency"}`;

/** A term that a purpose does not allow. */
export interface CeilingProblem {
  readonly field: TermField;
  readonly rule: RuleId;
  /** `BAD_USER_INPUT` where no purpose would allow it. */
  readonly code: "PURPOSE_CEILING_EXCEEDED" | "BAD_USER_INPUT";
  /** For the asker; no values but the ceiling's. */
  readonly problem: string;
}

/** What terms have in common with a loan's terms, and the ceiling that both are held against. */
interface Part {
  readonly prefix: "" | "loan.";
  readonly purpose: Purpose;
  readonly ceiling: PurposeCeiling;
  readonly terms: Pick<AgreedTerms, "categories" | "records" | "lookbackMonths" | "frequency">;
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
  if (ceiling.frequencyMax.count === 0)
    return [exceeds("purpose", "ceiling.purpose", `${purpose} is not a purpose of banks`)];
  return [
    ...partProblems({ prefix: "", purpose, ceiling, terms }),
    ...lifeProblems(purpose, terms, ceiling),
    ...accountProblems(terms.accounts),
    ...(terms.loan === undefined ? [] : loanProblems(purpose, terms, { loan: terms.loan, rulebook })),
  ];
}

function partProblems({ prefix, purpose, ceiling, terms }: Part): readonly CeilingProblem[] {
  const { categories, records = [], lookbackMonths, frequency } = terms;
  const problems: CeilingProblem[] = [];
  if (categories.length === 0)
    problems.push(
      malformed(`${prefix}categories`, "ceiling.category", "at least one category must be named"),
    );
  for (const category of new Set(categories)) {
    if (ceiling.categories.includes(category)) continue;
    problems.push(exceeds(`${prefix}categories`, "ceiling.category", `${purpose} does not need ${category}`));
  }
  for (const category of new Set(records)) {
    if (!categories.includes(category)) {
      const problem = `records of ${category} need ${category} among the categories`;
      problems.push(malformed(`${prefix}records`, "ceiling.level", problem));
    } else if (!ceiling.records.includes(category)) {
      const problem = `${purpose} does not need single records of ${category}`;
      problems.push(exceeds(`${prefix}records`, "ceiling.level", problem));
    }
  }
  const { lookbackMonthsMax, frequencyMax } = ceiling;
  if (!isCount(lookbackMonths))
    problems.push(
      malformed(`${prefix}lookbackMonths`, "ceiling.lookback", "lookbackMonths must be at least 1"),
    );
  else if (lookbackMonths > lookbackMonthsMax) {
    const problem = `lookbackMonths must be 1 to ${lookbackMonthsMax}`;
    problems.push(exceeds(`${prefix}lookbackMonths`, "ceiling.lookback", problem));
  }
  return [...problems, ...frequencyProblems(`${prefix}frequency`, frequency, frequencyMax)];
}

function frequencyProblems(field: TermField, agreed: Frequency, most: Frequency): readonly CeilingProblem[] {
  if (!isCount(agreed.count))
    return [malformed(field, "ceiling.frequency", "frequency.count must be at least 1")];
  return usesAtMost(agreed, most.period) > most.count
    ? [exceeds(field, "ceiling.frequency", `at most ${most.count} inquiries a ${most.period}`)]
    : [];
}

function lifeProblems(
  purpose: Purpose,
  { startsAt, expiresAt }: AgreedTerms,
  { lifeDaysMax }: PurposeCeiling,
): readonly CeilingProblem[] {
  const lifeMs = Date.parse(expiresAt) - Date.parse(startsAt);
  if (!(lifeMs > 0)) return [malformed("expiresAt", "ceiling.life", "expiresAt must be after startsAt")];
  return lifeMs > lifeDaysMax * DAY_MS
    ? [exceeds("expiresAt", "ceiling.life", `a consent for ${purpose} lives at most ${lifeDaysMax} days`)]
    : [];
}

function accountProblems(accounts: AgreedTerms["accounts"]): readonly CeilingProblem[] {
  if (accounts === undefined) return [];
  const bad = (problem: string): CeilingProblem[] => [malformed("accounts", "ceiling.category", problem)];
  if (accounts.length < 1 || accounts.length > ACCOUNTS_MAX)
    return bad(`accounts must name 1 to ${ACCOUNTS_MAX} seller accounts; leave it out for all of them`);
  if (!accounts.every(({ platform, sellerId }) => ACCOUNT_ID.test(platform) && ACCOUNT_ID.test(sellerId)))
    return bad("platform and sellerId must be 1 to 128 visible ASCII characters");
  const names = new Set(accounts.map(({ platform, sellerId }) => JSON.stringify([platform, sellerId])));
  return names.size < accounts.length ? bad("an account must be named once") : [];
}

/** A loan's terms are held against the ceilings of its monitoring, and open nothing that its assessment does not. */
function loanProblems(
  purpose: Purpose,
  { categories, records = [] }: AgreedTerms,
  { loan, rulebook }: { readonly loan: AgreedLoanTerms; readonly rulebook: Rulebook },
): readonly CeilingProblem[] {
  if (!rulebook.ceilings[purpose].hasLoanStages)
    return [exceeds("loan", "ceiling.loan", `${purpose} does not go on as monitoring`)];
  const ceiling = rulebook.ceilings.POST_LOAN_MONITORING;
  const part = { prefix: "loan." as const, purpose: "POST_LOAN_MONITORING" as const, ceiling, terms: loan };
  const problems = [...partProblems(part)];
  const more = (asked: readonly Category[] = [], held: readonly Category[]): Category | undefined =>
    asked.find((category) => !held.includes(category));
  const category = more(loan.categories, categories);
  if (category !== undefined) {
    const problem = `the monitoring cannot open ${category}, which the assessment does not`;
    problems.push(exceeds("loan.categories", "ceiling.loan", problem));
  }
  const record = more(loan.records, records);
  if (record !== undefined && loan.categories.includes(record)) {
    const problem = `the monitoring cannot open records of ${record}, which the assessment does not`;
    problems.push(exceeds("loan.records", "ceiling.loan", problem));
  }
  if (!isCount(loan.lifeDays))
    problems.push(malformed("loan.lifeDays", "ceiling.life", "loan.lifeDays must be at least 1"));
  else if (loan.lifeDays > ceiling.lifeDaysMax) {
    const problem = `a loan is monitored for at most ${ceiling.lifeDaysMax} days`;
    problems.push(exceeds("loan.lifeDays", "ceiling.life", problem));
  }
  return problems;
}

function exceeds(field: TermField, rule: RuleId, problem: string): CeilingProblem {
  return { field, rule, code: "PURPOSE_CEILING_EXCEEDED", problem };
}

function malformed(field: TermField, rule: RuleId, problem: string): CeilingProblem {
  return { field, rule, code: "BAD_USER_INPUT", problem };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
