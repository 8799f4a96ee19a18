import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CATEGORIES, type Category } from "../../../schema/categories.js";
import { type AgreedTerms, withinCeiling } from "../../../schema/consent/ceiling.js";
import { clampToCeiling } from "../../../schema/consent/clamp.js";
import { FREQUENCY_PERIODS, PURPOSES } from "../../../schema/purposes.js";
import { CN_RULEBOOK, usesAtMost } from "../../../schema/rulebook.js";
import { hold, SEED } from "./seeded.js";

const RUNS = 5_000;
const START = "2026-03-01T00:00:00.000Z";
const DAY_MS = 86_400_000;

const categories = fc.uniqueArray(fc.constantFrom(...CATEGORIES), { maxLength: CATEGORIES.length });
const part = {
  categories,
  records: fc.option(categories, { nil: undefined }),
  lookbackMonths: fc.integer({ min: 0, max: 80 }),
  frequency: fc.record({
    count: fc.integer({ min: 0, max: 60 }),
    period: fc.constantFrom(...FREQUENCY_PERIODS),
  }),
};
const terms: fc.Arbitrary<AgreedTerms> = fc
  .record({
    ...part,
    startsAt: fc.constant(START),
    lifeDays: fc.integer({ min: -1, max: 2_500 }),
    loan: fc.option(fc.record({ ...part, lifeDays: fc.integer({ min: 0, max: 3_000 }) }), { nil: undefined }),
  })
  .map(({ lifeDays, loan, records, ...rest }) => {
    const { records: loanRecords, ...monitoring } = loan ?? { records: undefined };
    return {
      ...rest,
      expiresAt: new Date(Date.parse(START) + lifeDays * DAY_MS).toISOString(),
      ...(records === undefined ? {} : { records }),
      ...(loan === undefined
        ? {}
        : {
            loan: {
              ...(monitoring as Omit<NonNullable<typeof loan>, "records">),
              ...(loanRecords === undefined ? {} : { records: loanRecords }),
            },
          }),
    };
  });

const within = (list: readonly Category[] = [], of: readonly Category[] = []): boolean =>
  list.every((category) => of.includes(category));

/** True when no inquiry is open under `less` that is not open under `more`, as far as terms say. */
function isNarrower(less: Omit<AgreedTerms, "startsAt" | "expiresAt">, more: typeof less): boolean {
  return (
    within(less.categories, more.categories) &&
    within(less.records, more.records) &&
    less.lookbackMonths <= more.lookbackMonths &&
    usesAtMost(less.frequency, more.frequency.period) <= more.frequency.count
  );
}

describe(`cutting terms to the ceilings of a purpose, seed ${SEED}`, () => {
  const purpose = fc.constantFrom(...PURPOSES);

  test("never makes one wider, and says of each that it cut", () => {
    hold(
      fc.property(purpose, terms, (why, asked) => {
        const { terms: given, cuts } = clampToCeiling(why, asked, CN_RULEBOOK);
        expect(isNarrower(given, asked)).toBe(true);
        expect(Date.parse(given.expiresAt)).toBeLessThanOrEqual(Date.parse(asked.expiresAt));
        if (given.loan !== undefined) {
          expect(asked.loan && isNarrower(given.loan, asked.loan)).toBe(true);
          expect(given.loan.lifeDays).toBeLessThanOrEqual(asked.loan?.lifeDays ?? 0);
        }
        const changed = (
          ["categories", "records", "lookbackMonths", "expiresAt", "frequency"] as const
        ).filter((field) => !isDeepStrictEqual(given[field], asked[field]));
        const named = new Set(cuts.map(({ field }) => field).filter((field) => !field.startsWith("loan")));
        expect([...named].toSorted()).toEqual(changed.toSorted());
        expect(cuts.some(({ field }) => field.startsWith("loan"))).toBe(
          !isDeepStrictEqual(given.loan, asked.loan),
        );
      }),
      RUNS,
    );
  });

  test("leaves nothing beyond the purpose but what cannot be cut", () => {
    let agreed = 0;
    hold(
      fc.property(purpose, terms, (why, asked) => {
        const { terms: given } = clampToCeiling(why, asked, CN_RULEBOOK);
        const left = withinCeiling(why, given, CN_RULEBOOK).filter(({ code }) => code !== "BAD_USER_INPUT");
        // A purpose that is no bank's, and once a week where four a month are allowed.
        expect(
          left.filter(({ field }) => !["purpose", "frequency", "loan.frequency"].includes(field)),
        ).toEqual([]);
        if (withinCeiling(why, given, CN_RULEBOOK).length === 0) agreed += 1;
      }),
      RUNS,
    );
    expect(agreed).toBeGreaterThan(RUNS / 20);
  });

  test("cuts nothing that is within, and nothing twice", () => {
    hold(
      fc.property(purpose, terms, (why, asked) => {
        const once = clampToCeiling(why, asked, CN_RULEBOOK);
        if (withinCeiling(why, asked, CN_RULEBOOK).length === 0)
          expect(once).toEqual({ terms: asked, cuts: [] });
        expect(clampToCeiling(why, once.terms, CN_RULEBOOK)).toEqual({ terms: once.terms, cuts: [] });
      }),
      RUNS,
    );
  });
});
