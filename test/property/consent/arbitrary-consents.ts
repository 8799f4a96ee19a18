import fc from "fast-check";
import type { Category, Level } from "../../../schema/categories.js";
import { PROFILE_DETAIL_TYPE, type ProfileDetail } from "../../../schema/claims.js";
import type { ConsentInquiry } from "../../../schema/consent.js";
import type { ConsentEvent, ConsentTerms, LedgerConsent } from "../../../schema/consent-terms.js";
import { FREQUENCY_PERIODS, type Purpose } from "../../../schema/purposes.js";
import { CN_RULEBOOK } from "../../../schema/rulebook.js";

/** Noon of a Sunday in Shanghai; everything happens within a few milliseconds, or a whole life, of it. */
export const BASE = Date.parse("2026-03-15T04:00:00.000Z");
const DAY_MS = 86_400_000;

const SOLE_TRADER = "92990100MA0000B234";
const COMPANY = "91990100MA0000A193";
const BANK = "demo-bank";
const PEOPLE = ["li", "wang", "zhao"];

// Few values, so that they meet; the live ones more often, so that about every third inquiry is granted something.
const CATEGORIES: readonly Category[] = ["IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "REVIEWS"];
const PURPOSES: readonly Purpose[] = [
  "PRE_LOAN_ASSESSMENT",
  "PRE_LOAN_ASSESSMENT",
  "PRE_LOAN_ASSESSMENT",
  "PRE_LOAN_ASSESSMENT",
  "POST_LOAN_MONITORING",
  "POST_LOAN_MONITORING",
  "FRAUD_PREVENTION",
  "CREDIT_LIMIT_REVIEW",
];

/** A set of things by the bits of a number, in one of two orders; most often all of them. */
function some<T>(all: readonly T[]): fc.Arbitrary<readonly T[]> {
  const full = 2 ** all.length - 1;
  return fc.nat(full * 8).map((bits) => {
    const chosen = bits > full * 2 ? [...all] : all.filter((_, i) => ((bits >> i) & 1) === 1);
    return bits % 2 === 0 ? chosen : chosen.toReversed();
  });
}

const often = <T>(usual: T, others: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others });

/** An instant near the base, or a number of days before it. */
const near = fc.integer({ min: -6, max: 6 });

export const instant = near.map((ms) => new Date(BASE + ms));

const accounts = fc.constantFrom(
  undefined,
  undefined,
  [{ platform: "market", sellerId: "a" }],
  [
    { platform: "market", sellerId: "a" },
    { platform: "mall", sellerId: "b" },
  ],
);

const frequency = fc.record({
  count: fc.constantFrom(0, 1, 2, 3, 3, 3, 3, 3),
  period: fc.constantFrom(...FREQUENCY_PERIODS),
});

/** Agreed before the loan, for its monitoring. */
const loan = fc.record({
  categories: some(CATEGORIES),
  records: some(CATEGORIES),
  lookbackMonths: fc.integer({ min: 1, max: 18 }),
  frequency,
  lifeDays: fc.constantFrom(1, 2, 3, 4_000),
});

const disbursal = fc.record({
  kind: fc.constant("DISBURSED" as const),
  at: near,
  // At once, a little before, or so long ago that the monitoring ends about now.
  before: fc.constantFrom(0, 0, 1, DAY_MS - 2, DAY_MS, DAY_MS + 2, 2 * DAY_MS, -1),
});

const other = fc.record({
  kind: fc.constantFrom("PAUSED", "RESUMED", "CLOSED", "TERMINATED", "REVOKED", "SUPERSEDED", "GRANTED"),
  at: near,
});

const signature = fc.record({
  kind: fc.constant("SIGNED" as const),
  at: near,
  who: fc.constantFrom(...PEOPLE, "qian"),
});

const event: fc.Arbitrary<ConsentEvent> = fc
  .oneof(
    { weight: 3, arbitrary: signature },
    { weight: 4, arbitrary: disbursal },
    { weight: 2, arbitrary: other },
  )
  .map((drawn) => {
    const at = new Date(BASE + drawn.at);
    if (drawn.kind === "SIGNED") return { kind: drawn.kind, at, signatory: (drawn as { who: string }).who };
    if (drawn.kind !== "DISBURSED") return { kind: drawn.kind as ConsentEvent["kind"], at };
    const { before } = drawn as { before: number };
    return { kind: drawn.kind, at, loan: { reference: "L", disbursedAt: new Date(at.getTime() - before) } };
  });

const people = often<readonly string[] | undefined>(undefined, some(PEOPLE));

/** A consent as no guard would let it be: every order of events, and terms beyond every ceiling. */
export const consent: fc.Arbitrary<LedgerConsent> = fc
  .record({
    version: fc.constantFrom(1, 1, 2),
    bank: often(BANK, fc.constant("second-bank")),
    merchant: often(SOLE_TRADER, fc.constant(COMPANY)),
    purpose: fc.constantFrom(...PURPOSES),
    categories: some(CATEGORIES),
    records: fc.option(some(CATEGORIES), { nil: undefined, freq: 4 }),
    accounts,
    lookbackMonths: fc.constantFrom(1, 3, 12, 24, 48),
    startsMs: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: -14, max: 1 }) },
      // So long ago that the purpose's longest life ends about now.
      { weight: 1, arbitrary: near.map((ms) => -90 * DAY_MS + ms) },
    ),
    livesMs: fc.oneof(fc.integer({ min: 6, max: 24 }), fc.constant(200 * DAY_MS)),
    frequency,
    loan: fc.option(loan, { nil: undefined, freq: 2 }),
    signatories: people,
    quorum: fc.constantFrom(undefined, 0, 1, 1, 2, 3),
    grantedMs: often(-10, near),
    events: fc.oneof(
      { weight: 2, arbitrary: fc.constant<readonly ConsentEvent[]>([]) },
      { weight: 1, arbitrary: fc.array(event, { minLength: 1, maxLength: 4 }) },
    ),
    used: fc.constantFrom(0, 0, 0, 0, 1, 2, 3),
  })
  .map((drawn) => {
    const { startsMs, livesMs, grantedMs, events, used, records, accounts: held, ...rest } = drawn;
    const { loan: monitoring, signatories, quorum, ...terms } = rest;
    const complete: ConsentTerms = {
      ...terms,
      consentId: "consent",
      purposeText: { en: "", zh: "" },
      startsAt: new Date(BASE + startsMs).toISOString(),
      expiresAt: new Date(BASE + startsMs + livesMs).toISOString(),
      rulebook: CN_RULEBOOK.version,
      notice: { version: "", language: "", sha256: "" },
      ...(records === undefined ? {} : { records }),
      ...(held === undefined ? {} : { accounts: held }),
      ...(monitoring === undefined ? {} : { loan: { ...monitoring, purposeText: { en: "", zh: "" } } }),
      ...(signatories === undefined ? {} : { signatories }),
      ...(quorum === undefined ? {} : { quorum }),
    };
    const granted = { kind: "GRANTED" as const, at: new Date(BASE + grantedMs) };
    return { terms: complete, events: [granted, ...events], used };
  });

const detail: fc.Arbitrary<ProfileDetail> = fc
  .record({
    purposes: often<readonly Purpose[]>([...PURPOSES, "OWN_QUERY"], fc.constant(["FRAUD_PREVENTION"])),
    datatypes: some(CATEGORIES),
    merchants: often<readonly string[] | undefined>(undefined, fc.constantFrom([SOLE_TRADER], [COMPANY], [])),
    privileges: often<readonly Level[] | undefined>(
      ["RECORDS"],
      fc.constantFrom(undefined, ["SUMMARY", "RECORDS"], ["SUMMARY"], []),
    ),
  })
  .map(({ purposes, datatypes, merchants, privileges }) => ({
    type: PROFILE_DETAIL_TYPE,
    purposes,
    datatypes,
    ...(merchants === undefined ? {} : { merchants }),
    ...(privileges === undefined ? {} : { privileges }),
  }));

export const inquiry: fc.Arbitrary<ConsentInquiry> = fc
  .record({
    merchant: often(SOLE_TRADER, fc.constant(COMPANY)),
    purpose: fc.constantFrom<Purpose[]>(...PURPOSES, ...PURPOSES, "OWN_QUERY"),
    categories: some(CATEGORIES),
    records: fc.option(some(CATEGORIES), { nil: undefined, freq: 3 }),
    tokenDetails: fc.array(detail, { minLength: 1, maxLength: 2 }),
  })
  .map(({ records, ...asked }) => ({ bank: BANK, ...asked, ...(records === undefined ? {} : { records }) }));

/** A consent that several had to sign, and some have. */
export const signedConsent: fc.Arbitrary<LedgerConsent> = fc
  .record({ one: consent, quorum: fc.constantFrom(1, 2, 3), signed: some(PEOPLE) })
  .map(({ one: { terms, events, used }, quorum, signed }) => ({
    terms: { ...terms, signatories: PEOPLE, quorum },
    events: [
      ...events.slice(0, 1),
      ...signed.map((signatory) => ({ kind: "SIGNED" as const, at: new Date(BASE - 7), signatory })),
      ...events.slice(1),
    ],
    used,
  }));

/** At most four, each with an id of its own, in no order. */
export const consents = fc.tuple(fc.array(consent, { maxLength: 4 }), fc.nat(4)).map(([held, shift]) =>
  held.map(({ terms, ...rest }, i) => ({
    ...rest,
    terms: { ...terms, consentId: `consent-${(i * 3 + shift) % 5}` },
  })),
);
