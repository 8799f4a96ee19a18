import { stateOf, termsInForce } from "../../../schema/consent.js";
import { signedBy } from "../../../schema/consent/state.js";
import type { AgreedLoanTerms } from "../../../schema/consent-terms.js";
import { PURPOSE_CEILINGS } from "../../../schema/purposes.js";
import type { StoredConsent } from "../consent-store.js";
import { type ConsentRequest as StoredRequest, requestStateOf } from "../requests/request-store.js";
import type { ConsentRequest } from "./request-types.js";
import type { Consent, LoanTerms } from "./types.js";

/** A consent as GraphQL shows it; state, terms in force and remaining uses are of the instant it was read. */
export function presentConsent({ consent, artefact, cuts, now }: StoredConsent): Consent {
  const { terms, events, used } = consent;
  const { consentId, merchant, startsAt, expiresAt, supersedes, loan, ...same } = terms;
  const inForce = termsInForce(consent, now);
  return {
    ...same,
    id: consentId,
    merchantId: merchant,
    supersedes: supersedes ?? null,
    records: terms.records ?? [],
    accounts: terms.accounts ?? null,
    startsAt: new Date(startsAt),
    expiresAt: new Date(expiresAt),
    loan: presentLoan(loan),
    quorum: terms.quorum ?? 1,
    signatories: terms.signatories ?? null,
    signedBy: terms.signatories === undefined ? null : signedBy(terms, events),
    cuts,
    state: stateOf(consent, now),
    inForce: { ...inForce, stage: inForce.stage ?? null },
    remainingUses: Math.max(0, inForce.frequency.count - used),
    events: events.map(({ kind, at, signatory, loan: told }) => ({
      kind,
      at,
      disbursedAt: told?.disbursedAt ?? null,
      loanReference: told?.reference ?? null,
      signatory: signatory ?? null,
    })),
    artefact,
  };
}

/** A request as GraphQL shows it. */
export function presentRequest(request: StoredRequest): ConsentRequest {
  const { requestId, merchant, bank, purpose, terms, cuts, createdAt, lapsesAt, decision } = request;
  return {
    id: requestId,
    merchantId: merchant,
    bank,
    purpose,
    purposeText: PURPOSE_CEILINGS[purpose].text,
    categories: terms.categories,
    records: terms.records ?? [],
    accounts: terms.accounts ?? null,
    lookbackMonths: terms.lookbackMonths,
    expiresAt: new Date(terms.expiresAt),
    frequency: terms.frequency,
    loan: presentLoan(terms.loan),
    cuts,
    state: requestStateOf(request, request.now),
    createdAt,
    lapsesAt,
    decidedAt: decision?.at ?? null,
    consentId: decision?.consentId ?? null,
  };
}

function presentLoan(loan: AgreedLoanTerms | undefined): LoanTerms | null {
  if (loan === undefined) return null;
  const { categories, records = [], lookbackMonths, frequency, lifeDays } = loan;
  return { categories, records, lookbackMonths, frequency, lifeDays };
}
