import fc from "fast-check";
import { CATEGORIES, type Category, type Level } from "../../schema/categories.js";
import type { PlatformAccount } from "../../schema/claims.js";
import type { ConsentEventKind } from "../../schema/consent-terms.js";
import type { Scope } from "../../schema/parties.js";
import type { Purpose } from "../../schema/purposes.js";
import { BANKS, CONSENTING, MERCHANTS, OFFICER, PLATFORM } from "./cast.js";

/** Where a consent's life stands against the ledger's now; the two edges are exact to the millisecond. */
const LIVES = ["current", "starts-now", "ends-now", "expired", "scheduled", "outlived"] as const;

/** A consent as the generator thinks of it. */
export interface GivenConsent {
  readonly id: string;
  readonly bank: string;
  readonly merchant: string;
  readonly purpose: Purpose;
  readonly categories: readonly Category[];
  /** Of `categories`: those whose single records are opened too. */
  readonly records: readonly Category[];
  /** Seller accounts that are opened; absent for all of them. */
  readonly accounts?: readonly PlatformAccount[];
  readonly lookbackMonths: number;
  readonly life: (typeof LIVES)[number];
  /** Two must sign and both have, or one has not; absent where nobody need. */
  readonly signing?: "signed" | "awaiting";
  /** What the loan's monitoring opens once the loan is disbursed. */
  readonly loan?: Pick<GivenConsent, "categories" | "records"> & { readonly isDisbursed: boolean };
  /** What happened after the grant, in order. */
  readonly events: readonly Exclude<ConsentEventKind, "GRANTED" | "SIGNED" | "DISBURSED">[];
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
  readonly scopes: readonly Scope[];
  /** Banks only; absent: everything. */
  readonly purposes?: readonly Purpose[];
  readonly categories?: readonly Category[];
  readonly merchants?: readonly string[];
  /** Absent: figures only. */
  readonly privileges?: readonly Level[];
}

/** One situation: all consents there are, and three who ask at the same time. */
export interface World {
  readonly consents: readonly GivenConsent[];
  readonly askers: readonly Asker[];
}

export const PURPOSES_ASKED = [
  "PRE_LOAN_ASSESSMENT",
  "FRAUD_PREVENTION",
  "COLLECTION",
  "POST_LOAN_MONITORING",
] as const;

/** Calendar months that a loan's monitoring may reach back, in every consent of the test. */
export const LOAN_MONTHS = 6;

const purpose = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Purpose>("PRE_LOAN_ASSESSMENT") },
  { weight: 1, arbitrary: fc.constantFrom<Purpose>(...PURPOSES_ASKED, "CREDIT_LIMIT_REVIEW") },
);

const categories = fc.oneof(
  { weight: 3, arbitrary: fc.constant([...CATEGORIES]) },
  { weight: 5, arbitrary: fc.subarray([...CATEGORIES], { minLength: 1 }) },
);

const happenings = fc.oneof(
  { weight: 16, arbitrary: fc.constant([] as const) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(["REVOKED"] as const, ["PAUSED"] as const, ["SUPERSEDED"] as const),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ["PAUSED", "RESUMED"] as const,
      ["PAUSED", "REVOKED"] as const,
      ["TERMINATED"] as const,
      ["CLOSED"] as const,
    ),
  },
);

const signing = fc.oneof(
  { weight: 16, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.constantFrom("signed" as const, "awaiting" as const) },
);

const life = fc.oneof(
  { weight: 8, arbitrary: fc.constant("current" as const) },
  { weight: 3, arbitrary: fc.constantFrom(...LIVES) },
);

/** Agreed and used: mostly some left, sometimes the last one, sometimes none. */
const uses = fc.constantFrom([30, 0], [30, 0], [30, 7], [30, 7], [5, 4], [5, 4], [1, 0], [5, 5]);

const accounts = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.constant([
      { platform: "taoyuan-market", sellerId: "shop-1" },
    ] as readonly PlatformAccount[]),
  },
);

/** How closely a consent opens what it opens: mostly all of it or none of it. */
const closeness = fc.oneof(
  fc.constant([...CATEGORIES]),
  fc.constant<readonly Category[]>([]),
  fc.subarray([...CATEGORIES]),
);

const loan = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.record({ categories, closeness, isDisbursed: fc.boolean() }) },
);

function consentOf(bank: string, merchant: string, nth: number): fc.Arbitrary<GivenConsent> {
  const within = (all: readonly Category[], close: readonly Category[]) =>
    all.filter((category) => close.includes(category));
  return fc
    .record({
      purpose,
      categories,
      closeness,
      accounts,
      life,
      signing,
      loan,
      events: happenings,
      uses,
      lookbackMonths: fc.constantFrom(1, 12, 36),
    })
    .map(({ uses: [agreed = 1, used = 0], closeness: close, loan: agreedLoan, ...rest }) =>
      present({
        ...rest,
        records: within(rest.categories, close),
        loan:
          agreedLoan === undefined || rest.purpose !== "PRE_LOAN_ASSESSMENT"
            ? undefined
            : {
                categories: agreedLoan.categories,
                records: within(agreedLoan.categories, agreedLoan.closeness),
                isDisbursed: agreedLoan.isDisbursed,
              },
        bank,
        merchant,
        agreed,
        used,
        age: nth,
        id: `${bank}/${merchant}/${nth}`,
      }),
    );
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

/** All that a party may be given; now and then less. */
const SCOPES: Readonly<Record<Asker["party"], readonly Scope[]>> = {
  bank: ["profile:read", "consents:request", "consents:read", "inquiries:read"],
  merchant: ["profile:read", "consents:manage", "consents:read", "inquiries:read"],
  officer: ["audit:read", "inquiries:read"],
  platform: ["feeds:write"],
};

const scopesOf = (party: Asker["party"]): fc.Arbitrary<readonly Scope[]> =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constant(SCOPES[party]) },
    { weight: 1, arbitrary: fc.subarray([...SCOPES[party]]) },
  );

function bankAsker(id: string): fc.Arbitrary<Asker> {
  const narrowed = fc.record({
    purposes: fc.option(fc.subarray<Purpose>([...PURPOSES_ASKED]), { nil: undefined }),
    categories: fc.option(fc.subarray([...CATEGORIES]), { nil: undefined }),
    merchants: fc.option(fc.subarray([...MERCHANTS]), { nil: undefined }),
    privileges: fc.constantFrom(undefined, ["SUMMARY"] as const, ["RECORDS"] as const),
  });
  const details = fc.oneof(
    { weight: 3, arbitrary: fc.constant({ privileges: ["SUMMARY", "RECORDS"] as const }) },
    { weight: 1, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: narrowed },
  );
  return fc
    .tuple(scopesOf("bank"), details)
    .map(([scopes, over]) => present<Asker>({ party: "bank", id, scopes, ...over }));
}

function askerOf(party: Asker["party"], ...ids: readonly string[]): fc.Arbitrary<Asker> {
  return fc.record({ party: fc.constant(party), id: fc.constantFrom(...ids), scopes: scopesOf(party) });
}

const thirdAsker: fc.Arbitrary<Asker> = fc.oneof(
  { weight: 8, arbitrary: askerOf("merchant", ...MERCHANTS) },
  { weight: 1, arbitrary: askerOf("officer", OFFICER) },
  { weight: 1, arbitrary: askerOf("platform", PLATFORM) },
);

/** Without the members that are undefined. */
export function present<T extends object>(value: { readonly [member in keyof T]: T[member] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

const world: fc.Arbitrary<World> = fc.record({
  consents,
  askers: fc.tuple(bankAsker(BANKS[0]), bankAsker(BANKS[1]), thirdAsker),
});

/** So many random situations; two banks and somebody else ask in each. */
export function worlds(howMany: number): fc.Arbitrary<readonly World[]> {
  return fc.array(world, { minLength: howMany, maxLength: howMany });
}
