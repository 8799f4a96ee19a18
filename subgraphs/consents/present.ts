import { stateOf } from "../../schema/consent.js";
import { PURPOSE_CEILINGS } from "../../schema/purposes.js";
import type { StoredConsent } from "./consent-store.js";
import { type ConsentRequest as StoredRequest, requestStateOf } from "./request-store.js";
import type { Consent, ConsentRequest } from "./types.js";

/** A consent as GraphQL shows it; state and remaining uses are of the instant it was read. */
export function presentConsent({ consent, artefact, now }: StoredConsent): Consent {
  const { terms, events, used } = consent;
  const { consentId, merchant, startsAt, expiresAt, supersedes, ...same } = terms;
  return {
    ...same,
    id: consentId,
    merchantId: merchant,
    supersedes: supersedes ?? null,
    startsAt: new Date(startsAt),
    expiresAt: new Date(expiresAt),
    state: stateOf(consent, now),
    remainingUses: Math.max(0, terms.frequency.count - used),
    events,
    artefact,
  };
}

/** A request as GraphQL shows it. */
export function presentRequest(request: StoredRequest): ConsentRequest {
  const { requestId, merchant, bank, purpose, terms, createdAt, lapsesAt, decision } = request;
  return {
    id: requestId,
    merchantId: merchant,
    bank,
    purpose,
    purposeText: PURPOSE_CEILINGS[purpose].text,
    categories: terms.categories,
    lookbackMonths: terms.lookbackMonths,
    expiresAt: new Date(terms.expiresAt),
    frequency: terms.frequency,
    state: requestStateOf(request, request.now),
    createdAt,
    lapsesAt,
    decidedAt: decision?.at ?? null,
    consentId: decision?.consentId ?? null,
  };
}
