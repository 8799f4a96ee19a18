import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Category } from "../../schema/categories.js";
import { type ConsentInquiry, decide } from "../../schema/consent.js";
import type { ConsentEventKind, ConsentTerms, LedgerConsent } from "../../schema/consent-terms.js";
import { CN_RULEBOOK } from "../../schema/rulebook.js";

interface CaseConsent extends ConsentTerms {
  readonly events: readonly (readonly [ConsentEventKind, string])[];
  readonly used: number;
}

interface DecisionCase {
  readonly name: string;
  readonly consents: readonly Partial<CaseConsent>[];
  readonly inquiry?: Partial<ConsentInquiry>;
  readonly now?: string;
  readonly expect: {
    readonly decision: string;
    readonly granted: readonly Category[];
    readonly withheld: readonly { category: Category; code: string; rule: string; article: string }[];
    readonly article?: string;
    readonly consent: string | null;
    readonly months: readonly [string, string] | null;
  };
}

const file = JSON.parse(readFileSync(new URL("consent-decisions.json", import.meta.url), "utf8")) as {
  readonly rulebook: string;
  readonly defaults: {
    readonly consent: CaseConsent;
    readonly inquiry: ConsentInquiry;
    readonly now: string;
  };
  readonly cases: readonly DecisionCase[];
};

function toConsent(over: Partial<CaseConsent>): LedgerConsent {
  const { events, used, ...terms } = { ...file.defaults.consent, ...over };
  return { terms, used, events: events.map(([kind, at]) => ({ kind, at: new Date(at) })) };
}

function decideCase({ consents, inquiry, now }: DecisionCase, reverse: boolean) {
  const held = consents.map(toConsent);
  const question = { ...file.defaults.inquiry, ...inquiry };
  return decide(
    reverse ? held.toReversed() : held,
    question,
    CN_RULEBOOK,
    new Date(now ?? file.defaults.now),
  );
}

describe("consent decisions, each with its article (P9)", () => {
  test("the cases are of the rulebook in force, each with a name of its own", () => {
    expect(file.rulebook).toBe(CN_RULEBOOK.version);
    expect(new Set(file.cases.map(({ name }) => name)).size).toBe(file.cases.length);
    expect(file.cases.length).toBeGreaterThanOrEqual(80);
  });

  test.each(file.cases.map((one) => [one.name, one] as const))("%s", (_name, one) => {
    for (const reverse of [false, true]) {
      const decision = decideCase(one, reverse);
      expect(decision.decision).toBe(one.expect.decision);
      expect(decision.granted).toEqual(one.expect.granted);
      expect(
        decision.withheld.map(({ category, code, rule, article }) => ({ category, code, rule, article })),
      ).toEqual(one.expect.withheld);
      expect(decision.withheld.every(({ fix }) => fix !== "")).toBe(true);
      expect(decision.consent?.terms.consentId ?? null).toBe(one.expect.consent);
      expect(decision.months === undefined ? null : [decision.months.from, decision.months.until]).toEqual(
        one.expect.months,
      );
      const grants = decision.rules.filter(({ allowed }) => allowed);
      expect(grants.map(({ category }) => category)).toEqual(one.expect.granted);
      for (const grant of grants)
        expect(grant).toMatchObject({ code: "OK", rule: "consent.granted", article: one.expect.article });
      expect(decision.rules.filter(({ allowed }) => !allowed).map(({ code }) => code)).toEqual(
        one.expect.withheld.map(({ code }) => code),
      );
    }
  });
});
