import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MonthRange, PlatformAccount } from "../../../schema/claims.js";
import { type ConsentDecision, type ConsentInquiry, decide, stateOf } from "../../../schema/consent.js";
import { FINAL_EVENT_KINDS, type LedgerConsent } from "../../../schema/consent-terms.js";
import { CN_RULEBOOK } from "../../../schema/rulebook.js";
import { BASE, consent, consents, inquiry, instant, signedConsent } from "./arbitrary-consents.js";
import { hold, SEED } from "./seeded.js";

const RUNS = 5_000;

const ENDED = ["EXPIRED", "REVOKED", "SUPERSEDED", "CLOSED", "TERMINATED"];

/** Everything that a decision lets out, as single things that can be compared. */
function opened({ granted, records, months, accounts }: ConsentDecision): ReadonlySet<string> {
  const items = [...granted.map((one) => `${one} SUMMARY`), ...records.map((one) => `${one} RECORDS`)];
  return new Set(
    items.flatMap((item) =>
      monthsOf(months).flatMap((month) => accountsOf(accounts).map((one) => `${item} ${month} ${one}`)),
    ),
  );
}

function monthsOf(months: MonthRange | undefined): readonly string[] {
  if (months === undefined) return [];
  const list: string[] = [];
  const numberOf = (text: string): number => Number(text.slice(0, 4)) * 12 + Number(text.slice(5)) - 1;
  for (let month = numberOf(months.from); month < numberOf(months.until); month += 1)
    list.push(String(month));
  return list;
}

/** Every account that a test names, and one that no consent names, where all are open. */
function accountsOf(accounts: readonly PlatformAccount[] | undefined): readonly string[] {
  return (
    accounts?.map(({ platform, sellerId }) => `${platform}/${sellerId}`) ?? [
      "market/a",
      "mall/b",
      "any/other",
    ]
  );
}

const openedBy = (held: readonly LedgerConsent[], asked: ConsentInquiry, now: Date): ReadonlySet<string> =>
  opened(decide(held, asked, CN_RULEBOOK, now));

const hasDisbursal = ({ events }: LedgerConsent): boolean => events.some(({ kind }) => kind === "DISBURSED");

type Narrow = (one: LedgerConsent, by: number) => LedgerConsent | undefined;

const withTerms = (one: LedgerConsent, over: Partial<LedgerConsent["terms"]>): LedgerConsent => ({
  ...one,
  terms: { ...one.terms, ...over },
});
const without = <T>(list: readonly T[], by: number): readonly T[] =>
  list.filter((_, i) => i !== by % (list.length || 1));
const earlier = (text: string, ms: number): string => new Date(Date.parse(text) - ms).toISOString();

/** Each takes something away from a consent; `undefined` where there is nothing of the kind to take. */
const NARROWINGS: Readonly<Record<string, Narrow>> = {
  "a category": (one, by) => withTerms(one, { categories: without(one.terms.categories, by) }),
  "a category of records": (one, by) => withTerms(one, { records: without(one.terms.records ?? [], by) }),
  "an account": (one, by) =>
    one.terms.accounts === undefined
      ? undefined
      : withTerms(one, { accounts: without(one.terms.accounts, by) }),
  "all accounts but one": (one) => withTerms(one, { accounts: [{ platform: "market", sellerId: "a" }] }),
  months: (one, by) => withTerms(one, { lookbackMonths: Math.max(1, one.terms.lookbackMonths - (by % 12)) }),
  "life at its end": (one, by) => withTerms(one, { expiresAt: earlier(one.terms.expiresAt, by % 8) }),
  // A consent that began so long ago that it has outlived its purpose would be within it again.
  "life at its start": (one, by) =>
    hasDisbursal(one) || Date.parse(one.terms.startsAt) < BASE - 1_000
      ? undefined
      : withTerms(one, { startsAt: earlier(one.terms.startsAt, -(by % 8)) }),
  inquiries: (one) => {
    const { count, period } = one.terms.frequency;
    return withTerms(one, { frequency: { count: Math.max(0, count - 1), period } });
  },
  uses: (one) => ({ ...one, used: one.used + 1 }),
  "a signature": (one, by) => {
    const signed = one.events.filter(({ kind }) => kind === "SIGNED");
    const gone = signed[by % (signed.length || 1)];
    return hasDisbursal(one) || gone === undefined
      ? undefined
      : { ...one, events: one.events.filter((event) => event !== gone) };
  },
  signatories: (one, by) =>
    hasDisbursal(one) || one.terms.signatories === undefined
      ? undefined
      : withTerms(one, { signatories: without(one.terms.signatories, by) }),
  "the loan before its disbursal": (one) => {
    const { loan: _loan, ...terms } = one.terms;
    return hasDisbursal(one) ? undefined : { ...one, terms };
  },
  "a category of the loan": (one, by) => {
    const { loan } = one.terms;
    return loan && withTerms(one, { loan: { ...loan, categories: without(loan.categories, by) } });
  },
  "records of the loan": (one, by) => {
    const { loan } = one.terms;
    return loan && withTerms(one, { loan: { ...loan, records: without(loan.records ?? [], by) } });
  },
  "life of the loan": (one) => {
    const { loan } = one.terms;
    return loan && withTerms(one, { loan: { ...loan, lifeDays: loan.lifeDays - 1 } });
  },
  "inquiries of the loan": (one) => {
    const { loan } = one.terms;
    const count = Math.max(0, (loan?.frequency.count ?? 0) - 1);
    return loan && withTerms(one, { loan: { ...loan, frequency: { ...loan.frequency, count } } });
  },
};

describe(`decide, seed ${SEED}`, () => {
  test.each(Object.entries(NARROWINGS))("opens nothing new when a consent loses %s", (_name, narrow) => {
    let compared = 0;
    hold(
      fc.property(fc.oneof(consent, signedConsent), inquiry, instant, fc.nat(50), (whole, asked, now, by) => {
        const less = narrow(whole, by);
        if (less === undefined) return;
        const before = openedBy([whole], asked, now);
        const after = openedBy([less], asked, now);
        if (before.size > 0) compared += 1;
        for (const item of after) if (!before.has(item)) throw new Error(`${item} was opened`);
      }),
      RUNS,
    );
    // Something was open that could have grown.
    expect(compared).toBeGreaterThan(RUNS / 200);
  });

  test("opens no more categories, and with as many no more records, when a consent is taken away", () => {
    const measure = ({ granted, records }: ConsentDecision): number => granted.length * 16 + records.length;
    hold(
      fc.property(consents, inquiry, instant, (held, asked, now) => {
        const whole = measure(decide(held, asked, CN_RULEBOOK, now));
        for (const gone of held) {
          const rest = held.filter((one) => one !== gone);
          expect(measure(decide(rest, asked, CN_RULEBOOK, now))).toBeLessThanOrEqual(whole);
        }
      }),
      RUNS,
    );
  });

  test("does not depend on the order of the consents", () => {
    hold(
      fc.property(consents, inquiry, instant, fc.nat(5), (held, asked, now, by) => {
        const turned = [...held.slice(by % (held.length || 1)), ...held.slice(0, by % (held.length || 1))];
        const decision = decide(held, asked, CN_RULEBOOK, now);
        for (const other of [held.toReversed(), turned]) {
          const same = decide(other, asked, CN_RULEBOOK, now);
          expect(same).toEqual(decision);
        }
      }),
      RUNS,
    );
  });

  test.each(FINAL_EVENT_KINDS)("opens nothing from %s on, whatever follows and however late", (kind) => {
    hold(
      fc.property(consent, inquiry, instant, fc.nat(400 * 86_400_000), (one, asked, at, laterMs) => {
        const ended = { ...one, events: [{ kind, at }, ...one.events] };
        const later = new Date(at.getTime() + laterMs);
        expect(ENDED).toContain(stateOf(ended, later));
        expect(decide([ended], asked, CN_RULEBOOK, later).granted).toEqual([]);
      }),
      RUNS,
    );
  });

  test("lets no consent live again that has ended, whatever its events say of later", () => {
    let ended = 0;
    hold(
      fc.property(consent, inquiry, instant, fc.nat(400 * 86_400_000), (one, asked, now, laterMs) => {
        if (!ENDED.includes(stateOf(one, now))) return;
        ended += 1;
        const later = new Date(now.getTime() + laterMs);
        expect(ENDED).toContain(stateOf(one, later));
        expect(decide([one], asked, CN_RULEBOOK, later).granted).toEqual([]);
      }),
      RUNS,
    );
    expect(ended).toBeGreaterThan(RUNS / 20);
  });

  test("answers every category and level asked once: granted or withheld, records only with their figures", () => {
    hold(
      fc.property(consents, inquiry, instant, (held, asked, now) => {
        const { granted, records, withheld, rules } = decide(held, asked, CN_RULEBOOK, now);
        const single = new Set(asked.records);
        const all = new Set([...asked.categories, ...single]);
        const answered = [
          ...granted.map((category) => `${category} SUMMARY`),
          ...records.map((category) => `${category} RECORDS`),
          ...withheld.map(({ category, level }) => `${category} ${level}`),
        ];
        const expected = [
          ...[...all].map((one) => `${one} SUMMARY`),
          ...[...single].map((one) => `${one} RECORDS`),
        ];
        expect(answered.toSorted()).toEqual(expected.toSorted());
        expect(rules.map(({ category, level }) => `${category} ${level}`)).toEqual(expected);
        for (const category of records) expect(granted).toContain(category);
      }),
      RUNS,
    );
  });
});
