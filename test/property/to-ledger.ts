import type { ConsentTerms, LedgerConsent } from "../../schema/consent-terms.js";
import { type GivenConsent, LOAN_MONTHS, present } from "./world.js";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The edges of a consent's life around an instant. */
function lifeOf(consent: GivenConsent, now: Date): { readonly startsAt: Date; readonly expiresAt: Date } {
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
      return from(2_000 * DAY_MS, DAY_MS);
    default:
      return consent.life satisfies never;
  }
}

const SIGNATORIES = ["director-1", "director-2"] as const;
const AN_HOUR_AGO = HOUR_MS;
const HALF_AN_HOUR_AGO = HOUR_MS / 2;

/** The same consent as the ledger holds it: granted and signed long ago, all else within the last hour. */
export function toLedger(consent: GivenConsent, now: Date): LedgerConsent {
  const { startsAt, expiresAt } = lifeOf(consent, now);
  const frequency = { count: consent.agreed, period: "MONTH" } as const;
  const before = (ms: number) => new Date(now.getTime() - ms);
  const grantedAt = before(500 * DAY_MS - consent.age * HOUR_MS);
  const signed = consent.signing === "signed" ? SIGNATORIES : SIGNATORIES.slice(0, 1);
  const { loan } = consent;
  const loanTerms =
    loan === undefined
      ? undefined
      : {
          categories: loan.categories,
          records: loan.records,
          lookbackMonths: LOAN_MONTHS,
          frequency,
          lifeDays: 365,
          purposeText: { en: "-", zh: "-" },
        };
  return {
    terms: present<ConsentTerms>({
      consentId: consent.id,
      version: consent.age,
      merchant: consent.merchant,
      bank: consent.bank,
      purpose: consent.purpose,
      purposeText: { en: "-", zh: "-" },
      categories: consent.categories,
      records: consent.records,
      accounts: consent.accounts,
      supersedes: undefined,
      lookbackMonths: consent.lookbackMonths,
      startsAt: startsAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
      frequency,
      loan: loanTerms,
      signatories: consent.signing === undefined ? undefined : SIGNATORIES,
      quorum: consent.signing === undefined ? undefined : 2,
      rulebook: "test",
      notice: { version: "test", language: "zh-CN", sha256: "0".repeat(64) },
    }),
    events: [
      { kind: "GRANTED", at: grantedAt },
      ...(consent.signing === undefined
        ? []
        : signed.map((signatory) => ({ kind: "SIGNED" as const, at: grantedAt, signatory }))),
      ...consent.events.map((kind, i) => ({ kind, at: new Date(now.getTime() - AN_HOUR_AGO + i) })),
      ...(loan?.isDisbursed === true
        ? [
            {
              kind: "DISBURSED" as const,
              at: before(HALF_AN_HOUR_AGO),
              loan: { reference: "L-1", disbursedAt: before(HALF_AN_HOUR_AGO) },
            },
          ]
        : []),
    ],
    used: consent.used,
  };
}
