import type { Category } from "../categories.js";
import type { AgreedLoanTerms, Frequency } from "../consent-terms.js";
import type { Purpose } from "../purposes.js";
import { type Rulebook, type RuleId, usesAtMost } from "../rulebook.js";
import type { AgreedTerms, TermField } from "./ceiling.js";

const DAY_MS = 86_400_000;

/** A term that was asked for and cut down to what the purpose allows; empty text stands for nothing at all. */
export interface TermCut {
  readonly field: TermField;
  readonly asked: string;
  readonly given: string;
  readonly rule: RuleId;
}

/** Terms as far as the purpose allows them, and what was cut. */
export interface Clamped {
  readonly terms: AgreedTerms;
  readonly cuts: readonly TermCut[];
}

/**
 * Cuts terms down to the ceilings of a purpose; never makes one wider. What no purpose would allow, and a purpose that
 * is no bank's, stay as they are: `withinCeiling` refuses them.
 */
export function clampToCeiling(purpose: Purpose, terms: AgreedTerms, rulebook: Rulebook): Clamped {
  const ceiling = rulebook.ceilings[purpose];
  if (ceiling.frequencyMax.count === 0) return { terms, cuts: [] };
  const cuts: TermCut[] = [];
  const categories = keep(cuts, "categories", terms.categories, [
    ["ceiling.category", (category) => ceiling.categories.includes(category)],
  ]);
  const records = keep(cuts, "records", terms.records ?? [], [
    ["ceiling.category", (category) => !isTaken(category, terms.categories, categories)],
    ["ceiling.level", (category) => ceiling.records.includes(category) || !categories.includes(category)],
  ]);
  const lookbackMonths = atMost(cuts, "lookbackMonths", terms.lookbackMonths, {
    most: ceiling.lookbackMonthsMax,
    rule: "ceiling.lookback",
  });
  const given: AgreedTerms = {
    ...terms,
    categories,
    ...(terms.records === undefined ? {} : { records }),
    lookbackMonths,
    expiresAt: lessLife(cuts, terms, ceiling.lifeDaysMax),
    frequency: lessOften(cuts, "frequency", terms.frequency, ceiling.frequencyMax),
  };
  if (terms.loan === undefined) return { terms: given, cuts };
  const { loan: _loan, ...rest } = given;
  const loan = clampLoan(cuts, { purpose, loan: terms.loan, rest, rulebook });
  return { terms: loan === undefined ? rest : { ...rest, loan }, cuts };
}

function clampLoan(
  cuts: TermCut[],
  context: {
    readonly purpose: Purpose;
    readonly loan: AgreedLoanTerms;
    readonly rest: AgreedTerms;
    readonly rulebook: Rulebook;
  },
): AgreedLoanTerms | undefined {
  const { purpose, loan, rest, rulebook } = context;
  const drop = (): undefined =>
    void cuts.push({ field: "loan", asked: "POST_LOAN_MONITORING", given: "", rule: "ceiling.loan" });
  if (!rulebook.ceilings[purpose].hasLoanStages) return drop();
  const ceiling = rulebook.ceilings.POST_LOAN_MONITORING;
  const categories = keep(cuts, "loan.categories", loan.categories, [
    ["ceiling.category", (category) => ceiling.categories.includes(category)],
    ["ceiling.loan", (category) => rest.categories.includes(category)],
  ]);
  if (categories.length === 0 && loan.categories.length > 0) return drop();
  const records = keep(cuts, "loan.records", loan.records ?? [], [
    ["ceiling.category", (category) => !isTaken(category, loan.categories, categories)],
    ["ceiling.level", (category) => ceiling.records.includes(category) || !categories.includes(category)],
    [
      "ceiling.loan",
      (category) => rest.records?.includes(category) === true || !categories.includes(category),
    ],
  ]);
  return {
    categories,
    ...(loan.records === undefined ? {} : { records }),
    lookbackMonths: atMost(cuts, "loan.lookbackMonths", loan.lookbackMonths, {
      most: ceiling.lookbackMonthsMax,
      rule: "ceiling.lookback",
    }),
    frequency: lessOften(cuts, "loan.frequency", loan.frequency, ceiling.frequencyMax),
    lifeDays: atMost(cuts, "loan.lifeDays", loan.lifeDays, {
      most: ceiling.lifeDaysMax,
      rule: "ceiling.life",
    }),
  };
}

/** A category that stood in the terms and was cut; one that never stood there is a mistake, and none of the cutter's. */
function isTaken(category: Category, asked: readonly Category[], given: readonly Category[]): boolean {
  return asked.includes(category) && !given.includes(category);
}

/** Keeps what passes every test; each rule that takes something away says so. */
function keep(
  cuts: TermCut[],
  field: TermField,
  asked: readonly Category[],
  tests: readonly (readonly [RuleId, (category: Category) => boolean])[],
): readonly Category[] {
  let kept = asked;
  for (const [rule, allows] of tests) {
    const next = kept.filter(allows);
    if (next.length < kept.length) cuts.push({ field, asked: kept.join(" "), given: next.join(" "), rule });
    kept = next;
  }
  return kept;
}

function atMost(
  cuts: TermCut[],
  field: TermField,
  asked: number,
  { most, rule }: { readonly most: number; readonly rule: RuleId },
): number {
  if (!(asked > most)) return asked;
  cuts.push({ field, asked: String(asked), given: String(most), rule });
  return most;
}

function lessLife(cuts: TermCut[], { startsAt, expiresAt }: AgreedTerms, lifeDaysMax: number): string {
  const latestMs = Date.parse(startsAt) + lifeDaysMax * DAY_MS;
  if (!(Date.parse(expiresAt) > latestMs)) return expiresAt;
  const given = new Date(latestMs).toISOString();
  cuts.push({ field: "expiresAt", asked: expiresAt, given, rule: "ceiling.life" });
  return given;
}

/**
 * The most that fits both what was asked and what is allowed, in the period asked where one use a period fits, and in
 * the purpose's own period otherwise. Once a week fits neither way into four a month: it stays, to be refused.
 */
function lessOften(cuts: TermCut[], field: TermField, asked: Frequency, most: Frequency): Frequency {
  if (!(usesAtMost(asked, most.period) > most.count)) return asked;
  const once = (period: Frequency["period"], per: Frequency["period"]) =>
    usesAtMost({ count: 1, period }, per);
  const inAsked = Math.floor(most.count / once(asked.period, most.period));
  const inOwn = Math.min(most.count, Math.floor(asked.count / once(most.period, asked.period)));
  if (inAsked < 1 && inOwn < 1) return asked;
  const given =
    inAsked >= 1 ? { count: inAsked, period: asked.period } : { count: inOwn, period: most.period };
  cuts.push({ field, asked: frequencyText(asked), given: frequencyText(given), rule: "ceiling.frequency" });
  return given;
}

function frequencyText({ count, period }: Frequency): string {
  return `${count} a ${period}`;
}
