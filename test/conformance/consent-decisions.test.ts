import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { Category, Level } from "../../schema/categories.js";
import { type ConsentInquiry, decide } from "../../schema/consent.js";
import type { ConsentEventKind, ConsentTerms, LedgerConsent } from "../../schema/consent-terms.js";
import { CN_RULEBOOK } from "../../schema/rulebook.js";

interface EventRest {
  readonly signatory?: string;
  readonly loan?: { readonly reference: string; readonly disbursedAt: string };
}

interface CaseConsent extends ConsentTerms {
  readonly events: readonly (readonly [ConsentEventKind, string, EventRest?])[];
  readonly used: number;
}

interface DecisionCase {
  readonly name: string;
  readonly clause: string;
  readonly consents: readonly Partial<CaseConsent>[];
  readonly inquiry?: Partial<ConsentInquiry>;
  readonly now?: string;
  readonly expect: {
    readonly decision: string;
    readonly granted: readonly Category[];
    readonly records?: readonly Category[];
    readonly withheld: readonly {
      readonly category: Category;
      readonly level?: Level;
      readonly code: string;
      readonly rule: string;
      readonly article: string;
    }[];
    readonly article?: string;
    readonly consent: string | null;
    readonly months: readonly [string, string] | null;
    readonly accounts?: readonly object[];
    readonly stage?: string;
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
  return {
    terms,
    used,
    events: events.map(([kind, at, { loan, ...rest } = {}]) => ({
      kind,
      at: new Date(at),
      ...rest,
      ...(loan === undefined
        ? {}
        : { loan: { reference: loan.reference, disbursedAt: new Date(loan.disbursedAt) } }),
    })),
  };
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

/** The clauses that some case must be about: every article of a rule that can refuse or grant an inquiry of a bank. */
function clausesOfDecisions(): ReadonlySet<string> {
  const rules = Object.entries(CN_RULEBOOK.rules).filter(([id]) =>
    /^(token|consent)\.|^ceiling\.(purpose|category|level|life|loan)$/.test(id),
  );
  return new Set(rules.flatMap(([, { article }]) => Object.values(article)));
}

describe("consent decisions, each with its article (P9)", () => {
  test("the cases are of the rulebook in force, each with a name of its own", () => {
    expect(file.rulebook).toBe(CN_RULEBOOK.version);
    expect(new Set(file.cases.map(({ name }) => name)).size).toBe(file.cases.length);
    expect(file.cases.length).toBeGreaterThanOrEqual(200);
  });

  test("every clause that a decision can rest on has a case", () => {
    const covered = new Set(file.cases.map(({ clause }) => clause));
    expect([...clausesOfDecisions()].filter((clause) => !covered.has(clause))).toEqual([]);
  });

  test.each(file.cases.map((one) => [one.name, one] as const))("%s", (_name, one) => {
    for (const reverse of [false, true]) {
      const decision = decideCase(one, reverse);
      const withheld = one.expect.withheld.map(({ level = "SUMMARY", ...rest }) => ({ ...rest, level }));
      const records = one.expect.records ?? [];
      expect(decision.decision).toBe(one.expect.decision);
      expect(decision.granted).toEqual(one.expect.granted);
      expect(decision.records).toEqual(records);
      expect(decision.withheld.map(({ fix: _fix, ...rest }) => rest)).toEqual(withheld);
      expect(decision.withheld.every(({ fix }) => fix !== "")).toBe(true);
      expect(decision.consent?.terms.consentId ?? null).toBe(one.expect.consent);
      expect(decision.months === undefined ? null : [decision.months.from, decision.months.until]).toEqual(
        one.expect.months,
      );
      expect(decision.accounts).toEqual(one.expect.accounts);
      expect(decision.terms?.stage).toBe(one.expect.stage);
      const grants = decision.rules.filter(({ allowed }) => allowed);
      expect(grants.map(({ category, level }) => [category, level])).toEqual([
        ...one.expect.granted.map((category) => [category, "SUMMARY"]),
        ...records.map((category) => [category, "RECORDS"]),
      ]);
      for (const grant of grants)
        expect(grant).toMatchObject({ code: "OK", rule: "consent.granted", article: one.expect.article });
      const denials = decision.rules.filter(({ allowed }) => !allowed);
      expect(denials.map(({ category, level, code }) => ({ category, level, code }))).toEqual(
        withheld.map(({ category, level, code }) => ({ category, level, code })),
      );
    }
  });

  afterAll(() => {
    const counts = new Map<string, number>();
    for (const { clause } of file.cases) counts.set(clause, (counts.get(clause) ?? 0) + 1);
    const rows = [...counts]
      .toSorted(([, a], [, b]) => b - a)
      .map(([clause, count]) => `${count}\t${clause}`);
    process.stdout.write(`${[`${file.cases.length} decision cases by clause:`, ...rows].join("\n")}\n`);
  });
});
