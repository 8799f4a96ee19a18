import type { Category } from "../categories.js";
import {
  type ConsentEvent,
  type ConsentState,
  type DecisiveTerms,
  FINAL_EVENT_KINDS,
  type Frequency,
  type LedgerConsent,
  type LoanStage,
} from "../consent-terms.js";
import type { Purpose } from "../purposes.js";

const DAY_MS = 86_400_000;

/** The terms that a consent opens at one instant: the agreed ones, or a loan's monitoring terms once it is disbursed. */
export interface TermsInForce {
  /** `undefined` for a consent without loan terms. */
  readonly stage: LoanStage | undefined;
  readonly purpose: Purpose;
  readonly categories: readonly Category[];
  readonly records: readonly Category[];
  readonly lookbackMonths: number;
  readonly frequency: Frequency;
  readonly startsAt: Date;
  /** Exclusive. */
  readonly expiresAt: Date;
}

/** The events of a consent until `now`: later ones have not happened yet, so that a past decision can be rebuilt. */
export function happened(consent: LedgerConsent, now: Date): readonly ConsentEvent[] {
  return consent.events.filter(({ at }) => !(at.getTime() > now.getTime()));
}

/**
 * The terms in force at an instant. A disbursal counts only where loan terms were agreed, enough had signed, and the
 * consent had started and not ended: it continues a living consent and brings none back.
 */
export function termsInForce(consent: LedgerConsent, now: Date): TermsInForce {
  const { terms } = consent;
  const agreed: TermsInForce = {
    stage: terms.loan === undefined ? undefined : "PRE_LOAN",
    purpose: terms.purpose,
    categories: terms.categories,
    records: terms.records ?? [],
    lookbackMonths: terms.lookbackMonths,
    frequency: terms.frequency,
    startsAt: new Date(terms.startsAt),
    expiresAt: new Date(terms.expiresAt),
  };
  const disbursal = disbursalOf(consent, now);
  if (terms.loan === undefined || disbursal === undefined) return agreed;
  const { categories, records, lookbackMonths, frequency, lifeDays } = terms.loan;
  const fromMs = Math.min(disbursal.at.getTime(), disbursal.loan?.disbursedAt.getTime() ?? Number.NaN);
  return {
    stage: "POST_LOAN",
    purpose: "POST_LOAN_MONITORING",
    categories,
    records: records ?? [],
    lookbackMonths,
    frequency,
    startsAt: disbursal.at,
    expiresAt: new Date(fromMs + lifeDays * DAY_MS),
  };
}

/**
 * A consent's state at an instant, from its events and the clock alone. Final states win over all others. A consent
 * that expires before enough have signed has expired.
 */
export function stateOf(consent: LedgerConsent, now: Date): ConsentState {
  const events = happened(consent, now);
  const final = FINAL_EVENT_KINDS.find((kind) => events.some((event) => event.kind === kind));
  if (final !== undefined) return final;
  const { startsAt, expiresAt, frequency } = termsInForce(consent, now);
  // `!(a < b)` and not `a >= b`, here and below: an instant that cannot be read closes the consent.
  if (!(now.getTime() < expiresAt.getTime())) return "EXPIRED";
  if (!isSigned(consent.terms, events)) return "AWAITING_SIGNATORIES";
  if (!(now.getTime() >= startsAt.getTime())) return "SCHEDULED";
  const held = events.findLast(({ kind }) => kind === "PAUSED" || kind === "RESUMED");
  if (held?.kind === "PAUSED") return "PAUSED";
  return consent.used < frequency.count ? "ACTIVE" : "EXHAUSTED";
}

/** The persons who have signed and may, each once; in the order of their names in the artefact. */
export function signedBy(terms: DecisiveTerms, events: readonly ConsentEvent[]): readonly string[] {
  const signed = new Set(events.flatMap(({ kind, signatory }) => (kind === "SIGNED" ? [signatory] : [])));
  return [...new Set(terms.signatories)].filter((person) => signed.has(person));
}

/** True when as many of the artefact's signatories have signed as it asks for. */
export function isSigned(terms: DecisiveTerms, events: readonly ConsentEvent[]): boolean {
  return terms.signatories === undefined || signedBy(terms, events).length >= Math.max(1, terms.quorum ?? 1);
}

function disbursalOf(consent: LedgerConsent, now: Date): ConsentEvent | undefined {
  const { terms } = consent;
  const events = happened(consent, now);
  const startsMs = Date.parse(terms.startsAt);
  const expiresMs = Date.parse(terms.expiresAt);
  let first: ConsentEvent | undefined;
  for (const event of events) {
    const atMs = event.at.getTime();
    if (event.kind !== "DISBURSED" || !(atMs >= startsMs && atMs < expiresMs)) continue;
    if (!isSigned(terms, happened(consent, event.at))) continue;
    if (first === undefined || atMs < first.at.getTime()) first = event;
  }
  return first;
}
