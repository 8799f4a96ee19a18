import type { Category, Level } from "../../schema/categories.js";
import type { ConsentDecision, WithheldCategory } from "../../schema/consent.js";
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

/** The last use went to a concurrent inquiry between the check and the count. */
export function exhausted(inquiry: Inquiry, rulebook: Rulebook): Inquiry {
  const rule = "consent.frequency";
  const article = articleOf(rulebook, rule, inquiry.merchant);
  const { fix } = rulebook.rules[rule];
  const code = "CONSENT_EXHAUSTED" as const;
  const refuse = (asked: readonly Category[]) =>
    new Map(asked.map((category) => [category, { code, facts: { category, rule, article, fix } }]));
  const ruled = (asked: readonly Category[], level: Level) =>
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
