import type { Category, Level } from "../../schema/categories.js";
import type { ConsentDecision, WithheldCategory } from "../../schema/consent.js";
import type { ErrorCode, ErrorFacts } from "../../schema/errors.js";
import { articleOf, type Rulebook } from "../../schema/rulebook.js";
import type { Inquiry, Question, Withheld } from "../inquiry.js";

/** A question and its decision. */
export function toInquiry(question: Question, id: string, decision: ConsentDecision): Inquiry {
  return {
    ...question,
    id,
    decision: decision.decision,
    granted: new Set(decision.granted),
    records: new Set(decision.records),
    withheld: withheldAt("SUMMARY", decision.withheld),
    withheldRecords: withheldAt("RECORDS", decision.withheld),
    rules: decision.rules,
    consent: decision.consent,
    terms: decision.terms,
    months: decision.months,
    accounts: decision.accounts,
    remainingUses: undefined,
  };
}

/** What a decision made now leaves of an inquiry: it can only take away. */
export function narrowed(inquiry: Inquiry, now: ConsentDecision): Inquiry {
  const granted = common(inquiry.granted, now.granted);
  const records = common(inquiry.records, now.records);
  if (granted.size === inquiry.granted.size && records.size === inquiry.records.size) return inquiry;
  const taken = (level: Level, kept: ReadonlySet<Category>, known: Inquiry["withheld"]) =>
    new Map([...known, ...[...withheldAt(level, now.withheld)].filter(([category]) => !kept.has(category))]);
  return {
    ...inquiry,
    granted,
    records,
    withheld: taken("SUMMARY", granted, inquiry.withheld),
    withheldRecords: taken("RECORDS", records, inquiry.withheldRecords),
    decision: granted.size === 0 ? "REFUSED" : "PART_GRANTED",
    rules: now.rules,
  };
}

/** Why an inquiry is refused whole. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly rule: string;
  readonly article: string;
  /** Told with every category. */
  readonly facts: ErrorFacts;
}

/** An inquiry of which nothing leaves, whatever was decided: each category and level that was asked for says why. */
export function refusedWhole(inquiry: Inquiry, { code, rule, article, facts }: Refusal): Inquiry {
  const refuse = (asked: readonly Category[]): Inquiry["withheld"] =>
    new Map(asked.map((category) => [category, { code, facts: { category, rule, article, ...facts } }]));
  const ruled = (asked: readonly Category[], level: Level): Inquiry["rules"] =>
    asked.map((category) => ({ category, level, allowed: false, code, rule, article }));
  return {
    ...inquiry,
    decision: "REFUSED",
    granted: new Set(),
    records: new Set(),
    withheld: refuse(inquiry.asked),
    withheldRecords: refuse(inquiry.askedRecords),
    rules: [...ruled(inquiry.asked, "SUMMARY"), ...ruled(inquiry.askedRecords, "RECORDS")],
  };
}

/** The last use went to a concurrent inquiry between the check and the count. */
export function exhausted(inquiry: Inquiry, rulebook: Rulebook): Inquiry {
  const rule = "consent.frequency";
  return refusedWhole(inquiry, {
    code: "CONSENT_EXHAUSTED",
    rule,
    article: articleOf(rulebook, rule, inquiry.merchant),
    facts: { fix: rulebook.rules[rule].fix },
  });
}

function withheldAt(level: Level, all: readonly WithheldCategory[]): ReadonlyMap<Category, Withheld> {
  return new Map(
    all
      .filter((one) => one.level === level)
      .map(({ category, code, rule, article, fix }) => [
        category,
        { code, facts: { category, rule, article, fix } },
      ]),
  );
}

function common(before: ReadonlySet<Category>, now: readonly Category[]): ReadonlySet<Category> {
  return new Set([...before].filter((category) => now.includes(category)));
}
