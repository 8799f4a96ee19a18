import fc from "fast-check";
import { CATEGORIES, type Category } from "../../schema/categories.js";
import type { ConsentEventKind, LedgerConsent } from "../../schema/consent-terms.js";
import type { Purpose } from "../../schema/purposes.js";
import { BANKS, CONSENTING, MERCHANTS, OFFICER, PLATFORM } from "./cast.js";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Where a consent's life stands against the ledger's now; the two edges are exact to the millisecond. */
const LIVES = ["current", "starts-now", "ends-now", "expired", "scheduled", "outlived"] as const;

/** A consent as the generator thinks of it. */
export interface GivenConsent {
  readonly id: string;
  readonly bank: string;
  readonly merchant: string;
  readonly purpose: Purpose;
  readonly categories: readonly Category[];
  readonly lookbackMonths: number;
  readonly life: (typeof LIVES)[number];
  /** What happened after the grant, in order. */
  readonly events: readonly Exclude<ConsentEventKind, "GRANTED">[];
  /** Inquiries agreed for the period, and how many were counted. */
  readonly agreed: number;
  readonly used: number;
  /** Greater is newer. */
  readonly age: number;
}

/** A caller: who it is, and what its token says beyond that. */
export interface Asker {
  readonly party: "bank" | "merchant" | "officer" | "platform";
  readonly id: string;
  /** Absent: the scopes of the party. */
  readonly scopes?: readonly ("profile:read" | "consents:read" | "inquiries:read")[];
  /** Banks only; absent: everything. */
  readonly purposes?: readonly Purpose[];
  readonly categories?: readonly Category[];
  readonly merchants?: readonly string[];
}

/** One situation: all consents there are, and three who ask at the same time. */
export interface World {
  readonly consents: readonly GivenConsent[];
  readonly askers: readonly Asker[];
}

export const PURPOSES_ASKED = ["PRE_LOAN_ASSESSMENT", "FRAUD_PREVENTION", "COLLECTION"] as const;

const purpose = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Purpose>("PRE_LOAN_ASSESSMENT") },
  { weight: 1, arbitrary: fc.constantFrom<Purpose>(...PURPOSES_ASKED, "CREDIT_LIMIT_REVIEW") },
);

const categories = fc.oneof(
  { weight: 3, arbitrary: fc.constant([...CATEGORIES]) },
  { weight: 5, arbitrary: fc.subarray([...CATEGORIES], { minLength: 1 }) },
);

const happenings = fc.oneof(
  { weight: 8, arbitrary: fc.constant([] as const) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(["REVOKED"] as const, ["PAUSED"] as const, ["SUPERSEDED"] as const),
  },
  { weight: 1, arbitrary: fc.constantFrom(["PAUSED", "RESUMED"] as const, ["PAUSED", "REVOKED"] as const) },
);

const life = fc.oneof(
  { weight: 8, arbitrary: fc.constant("current" as const) },
  { weight: 3, arbitrary: fc.constantFrom(...LIVES) },
);

/** Agreed and used: mostly some left, sometimes the last one, sometimes none. */
const uses = fc.constantFrom([30, 0], [30, 7], [5, 4], [5, 5], [1, 0]);

function consentOf(bank: string, merchant: string, nth: number): fc.Arbitrary<GivenConsent> {
  return fc
    .record({
      purpose,
      categories,
      life,
      events: happenings,
      uses,
      lookbackMonths: fc.constantFrom(1, 12, 36),
    })
    .map(({ uses: [agreed = 1, used = 0], ...rest }) => ({
      ...rest,
      bank,
      merchant,
      agreed,
      used,
      age: nth,
      id: `${bank}/${merchant}/${nth}`,
    }));
}

const consents = fc
  .tuple(
    ...BANKS.flatMap((bank) =>
      CONSENTING.map((merchant) =>
        fc.oneof(
          { weight: 3, arbitrary: fc.constant([]) },
          { weight: 6, arbitrary: fc.tuple(consentOf(bank, merchant, 1)) },
          { weight: 2, arbitrary: fc.tuple(consentOf(bank, merchant, 1), consentOf(bank, merchant, 2)) },
        ),
      ),
    ),
  )
  .map((pairs) => pairs.flat());

const scopes = fc.oneof(
  { weight: 9, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.subarray(["profile:read", "consents:read", "inquiries:read"] as const) },
);

function bankAsker(id: string): fc.Arbitrary<Asker> {
  const narrowed = fc.record({
    scopes,
    purposes: fc.option(fc.subarray<Purpose>([...PURPOSES_ASKED]), { nil: undefined }),
    categories: fc.option(fc.subarray([...CATEGORIES]), { nil: undefined }),
    merchants: fc.option(fc.subarray([...MERCHANTS]), { nil: undefined }),
  });
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant<Asker>({ party: "bank", id }) },
    { weight: 1, arbitrary: narrowed.map((over) => given({ party: "bank", id, ...over })) },
  );
}

const thirdAsker: fc.Arbitrary<Asker> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ id: fc.constantFrom(...MERCHANTS), scopes })
      .map((over) => given({ party: "merchant", ...over })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Asker>({ party: "officer", id: OFFICER }, { party: "platform", id: PLATFORM }),
  },
);

function given(asker: { readonly [member in keyof Asker]: Asker[member] | undefined }): Asker {
  return Object.fromEntries(
    Object.entries(asker).filter(([, value]) => value !== undefined),
  ) as unknown as Asker;
}

const world: fc.Arbitrary<World> = fc.record({
  consents,
  askers: fc.tuple(bankAsker(BANKS[0]), bankAsker(BANKS[1]), thirdAsker),
});

/** So many random situations; two banks and somebody else ask in each. */
export function worlds(howMany: number): fc.Arbitrary<readonly World[]> {
  return fc.array(world, { minLength: howMany, maxLength: howMany });
}

/** The edges of a consent's life around an instant. */
export function lifeOf(
  consent: GivenConsent,
  now: Date,
): { readonly startsAt: Date; readonly expiresAt: Date } {
  const from = (beforeMs: number, afterMs: number) => ({
    startsAt: new Date(now.getTime() - beforeMs),
    expiresAt: new Date(now.getTime() + afterMs),
  });
  switch (consent.life) {
    case "current":
      return from(10 * DAY_MS, 10 * DAY_MS);
    case "starts-now":
      return from(0, 10 * DAY_MS);
    case "ends-now":
      return from(10 * DAY_MS, 0);
    case "expired":
      return from(10 * DAY_MS, -HOUR_MS);
    case "scheduled":
      return from(-HOUR_MS, 10 * DAY_MS);
    case "outlived":
      return from(400 * DAY_MS, DAY_MS);
    default:
      return consent.life satisfies never;
  }
}

/** The same consent as the ledger holds it. */
export function toLedger(consent: GivenConsent, now: Date): LedgerConsent {
  const { startsAt, expiresAt } = lifeOf(consent, now);
  const grantedAt = new Date(now.getTime() - 500 * DAY_MS + consent.age * HOUR_MS);
  return {
    terms: {
      consentId: consent.id,
      version: consent.age,
      merchant: consent.merchant,
      bank: consent.bank,
      purpose: consent.purpose,
      purposeText: { en: "-", zh: "-" },
      categories: consent.categories,
      lookbackMonths: consent.lookbackMonths,
      startsAt: startsAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
      frequency: { count: consent.agreed, period: "MONTH" },
      rulebook: "test",
      notice: { version: "test", language: "zh-CN", sha256: "0".repeat(64) },
    },
    events: [
      { kind: "GRANTED", at: grantedAt },
      ...consent.events.map((kind, i) => ({ kind, at: new Date(now.getTime() - HOUR_MS + i) })),
    ],
    used: consent.used,
  };
}
