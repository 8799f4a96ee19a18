import type { ConsentTerms, LedgerConsent } from "../consent-terms.js";
import { happened } from "./state.js";

/** The consents of a merchant for a bank that existed at `now`, newest first, whatever order they come in. */
export function candidatesOf(
  { bank, merchant }: Pick<ConsentTerms, "bank" | "merchant">,
  consents: readonly LedgerConsent[],
  now: Date,
): readonly LedgerConsent[] {
  return consents
    .filter(({ terms }) => terms.bank === bank && terms.merchant === merchant)
    .filter((consent) => happened(consent, now).some(({ kind }) => kind === "GRANTED"))
    .toSorted(
      (a, b) =>
        grantedMs(b) - grantedMs(a) ||
        b.terms.version - a.terms.version ||
        compare(b.terms.consentId, a.terms.consentId),
    );
}

function grantedMs(consent: LedgerConsent): number {
  return consent.events.find(({ kind }) => kind === "GRANTED")?.at.getTime() ?? 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
