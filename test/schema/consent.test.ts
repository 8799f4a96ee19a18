import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CATEGORIES } from "../../schema/categories.js";
import { PROFILE_DETAIL_TYPE } from "../../schema/claims.js";
import { type ConsentInquiry, decide, decideOwn, stateOf } from "../../schema/consent.js";
import { CONSENT_EVENT_KINDS, type ConsentEvent, type LedgerConsent } from "../../schema/consent-terms.js";
import { FREQUENCY_PERIODS, PURPOSES } from "../../schema/purposes.js";
import { CN_RULEBOOK } from "../../schema/rulebook.js";

const BASE = Date.parse("2026-03-15T04:00:00.000Z");
const MERCHANT = "92990100MA0000B234";
const BANK = "demo-bank";

const instant = fc.integer({ min: -5, max: 5 }).map((ms) => new Date(BASE + ms));
// Weighted so that about every third inquiry is granted something: properties of refusals alone would prove little.
const categories = fc.oneof(
  { weight: 2, arbitrary: fc.constant(CATEGORIES) },
  { weight: 3, arbitrary: fc.uniqueArray(fc.constantFrom(...CATEGORIES), { maxLength: CATEGORIES.length }) },
);
const purpose = fc.constantFrom(...PURPOSES.slice(0, 2));
const laterEvent: fc.Arbitrary<ConsentEvent> = fc.record({
  kind: fc.constantFrom(...CONSENT_EVENT_KINDS.slice(1)),
  at: instant,
});

const consent: fc.Arbitrary<LedgerConsent> = fc
  .record({
    id: fc.uuid(),
    bank: fc.constantFrom(BANK, BANK, BANK, "second-bank"),
    purpose,
    categories,
    lookbackMonths: fc.integer({ min: 1, max: 48 }),
    starts: fc.integer({ min: -10, max: 1 }),
    lives: fc.integer({ min: 5, max: 20 }),
    count: fc.integer({ min: 1, max: 4 }),
    period: fc.constantFrom(...FREQUENCY_PERIODS),
    events: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(laterEvent, { maxLength: 3 }) },
    ),
    used: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ id, starts, lives, count, period, events, used, ...terms }) => ({
    terms: {
      ...terms,
      consentId: id,
      version: 1,
      merchant: MERCHANT,
      purposeText: { en: "", zh: "" },
      startsAt: new Date(BASE + starts).toISOString(),
      expiresAt: new Date(BASE + starts + lives).toISOString(),
      frequency: { count, period },
      rulebook: CN_RULEBOOK.version,
      notice: { version: "", language: "", sha256: "" },
    },
    events: [
      { kind: "GRANTED" as const, at: new Date(BASE - 10) },
      ...events.toSorted((a, b) => a.at.getTime() - b.at.getTime()),
    ],
    used,
  }));

const inquiry: fc.Arbitrary<ConsentInquiry> = fc.record({
  bank: fc.constant(BANK),
  merchant: fc.constant(MERCHANT),
  purpose,
  categories,
  tokenDetails: fc.array(
    fc.record({
      type: fc.constant(PROFILE_DETAIL_TYPE),
      purposes: fc.constant(PURPOSES),
      datatypes: categories,
    }),
    { minLength: 1, maxLength: 2 },
  ),
});

const grantedOf = (consents: readonly LedgerConsent[], asked: ConsentInquiry, now: Date) =>
  new Set(decide(consents, asked, CN_RULEBOOK, now).granted);

describe("decide", () => {
  test("grants only what the token, one single consent and the rulebook all allow", () => {
    let grants = 0;
    fc.assert(
      fc.property(fc.array(consent, { maxLength: 4 }), inquiry, instant, (consents, asked, now) => {
        const decision = decide(consents, asked, CN_RULEBOOK, now);
        grants += decision.granted.length;
        for (const category of decision.granted) {
          expect(asked.categories).toContain(category);
          expect(asked.tokenDetails.some((detail) => detail.datatypes.includes(category))).toBe(true);
          expect(CN_RULEBOOK.ceilings[asked.purpose].categories).toContain(category);
          expect(decision.consent?.terms).toMatchObject({
            bank: asked.bank,
            merchant: asked.merchant,
            purpose: asked.purpose,
          });
          expect(decision.consent?.terms.categories).toContain(category);
          expect(decision.consent && stateOf(decision.consent, now)).toBe("ACTIVE");
        }
      }),
      { numRuns: 500 },
    );
    expect(grants).toBeGreaterThan(50);
  });

  test("answers each category asked once: granted or withheld, never both", () => {
    fc.assert(
      fc.property(fc.array(consent, { maxLength: 4 }), inquiry, instant, (consents, asked, now) => {
        const { granted, withheld, rules, decision } = decide(consents, asked, CN_RULEBOOK, now);
        const answered = [...granted, ...withheld.map(({ category }) => category)];
        expect(answered.toSorted()).toEqual(asked.categories.toSorted());
        expect(rules.map(({ category }) => category)).toEqual(asked.categories);
        expect(decision === "REFUSED").toBe(granted.length === 0);
      }),
    );
  });

  test("does not depend on the order of the consents", () => {
    fc.assert(
      fc.property(fc.array(consent, { maxLength: 4 }), inquiry, instant, (consents, asked, now) => {
        expect(decide(consents.toReversed(), asked, CN_RULEBOOK, now)).toEqual(
          decide(consents, asked, CN_RULEBOOK, now),
        );
      }),
    );
  });

  test("never opens more when a consent is taken away", () => {
    fc.assert(
      fc.property(
        fc.array(consent, { minLength: 1, maxLength: 4 }),
        inquiry,
        instant,
        (consents, asked, now) => {
          for (const gone of consents) {
            const rest = consents.filter((one) => one !== gone);
            expect(grantedOf(rest, asked, now).size).toBeLessThanOrEqual(
              grantedOf(consents, asked, now).size,
            );
          }
        },
      ),
    );
  });

  test("never opens anything new when a consent is narrowed", () => {
    fc.assert(
      fc.property(consent, categories, inquiry, instant, (whole, kept, asked, now) => {
        const narrower = {
          ...whole,
          terms: { ...whole.terms, categories: whole.terms.categories.filter((one) => kept.includes(one)) },
        };
        const before = grantedOf([whole], asked, now);
        for (const category of grantedOf([narrower], asked, now)) expect(before).toContain(category);
      }),
    );
  });

  test("never opens anything under a consent from its revocation on, whatever follows", () => {
    fc.assert(
      fc.property(consent, laterEvent, inquiry, fc.nat(1000), (one, after, asked, laterMs) => {
        const revoked = {
          ...one,
          events: [...one.events, { kind: "REVOKED" as const, at: new Date(BASE) }, after],
        };
        expect(grantedOf([revoked], asked, new Date(BASE + laterMs)).size).toBe(0);
      }),
    );
  });

  test("never opens anything under a consent from its end on", () => {
    fc.assert(
      fc.property(consent, inquiry, fc.nat(1000), (one, asked, laterMs) => {
        expect(grantedOf([one], asked, new Date(Date.parse(one.terms.expiresAt) + laterMs)).size).toBe(0);
      }),
    );
  });

  test("never opens more as uses are counted", () => {
    fc.assert(
      fc.property(consent, inquiry, instant, (one, asked, now) => {
        const before = grantedOf([one], asked, now);
        for (const category of grantedOf([{ ...one, used: one.used + 1 }], asked, now))
          expect(before).toContain(category);
      }),
    );
  });
});

describe("stateOf derives a state from events and the clock (P6)", () => {
  test("a final state stays", () => {
    fc.assert(
      fc.property(consent, instant, fc.nat(20), (one, now, laterMs) => {
        const state = stateOf(one, now);
        const later = stateOf(one, new Date(now.getTime() + laterMs));
        const ended = ["REVOKED", "SUPERSEDED", "TERMINATED", "CLOSED", "EXPIRED"];
        if (state === "REVOKED") expect(later).toBe("REVOKED");
        if (ended.includes(state)) expect(ended).toContain(later);
      }),
    );
  });

  test("uses or instants that cannot be read close the consent", () => {
    const [one] = fc.sample(consent, { numRuns: 1, seed: 1 });
    if (one === undefined) throw new Error("no sample");
    const live = {
      ...one,
      used: 0,
      events: one.events.slice(0, 1),
      terms: {
        ...one.terms,
        startsAt: new Date(BASE - 5).toISOString(),
        expiresAt: new Date(BASE + 5).toISOString(),
      },
    };
    const now = new Date(BASE);
    expect(stateOf(live, now)).toBe("ACTIVE");
    expect(stateOf({ ...live, used: Number.NaN }, now)).toBe("EXHAUSTED");
    expect(stateOf(live, new Date(Number.NaN))).toBe("EXPIRED");
    expect(
      stateOf({ ...live, events: [...live.events, { kind: "REVOKED", at: new Date(Number.NaN) }] }, now),
    ).toBe("REVOKED");
  });
});

describe("decideOwn", () => {
  test("a merchant reads every category of its own file, under article 17", () => {
    const decision = decideOwn(CATEGORIES, CN_RULEBOOK);
    expect(decision).toMatchObject({ decision: "GRANTED", granted: CATEGORIES, withheld: [] });
    expect(decision.months).toBeUndefined();
    for (const rule of decision.rules)
      expect(rule).toMatchObject({
        allowed: true,
        code: "OK",
        rule: "own.file",
        article: "征信业管理条例 第十七条",
      });
  });
});
