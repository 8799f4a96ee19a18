import { decide } from "../../schema/consent.js";
import type { Authorized } from "../inquiry.js";
import type { AuthorizePorts } from "./index.js";
import { narrowed } from "./inquiry-of.js";

/** An answer may leave on a check that is at most this old (P2). */
export const CHECK_AGE_MAX_MS = 50;

/**
 * Asks the ledger again when the last check is older than 50 ms, and takes back what has ended since. It can only
 * narrow: a consent granted meanwhile opens the next inquiry, not this one.
 * @throws CONSENT_UNKNOWN when the truth is out of reach
 */
export async function recheck(authorized: Authorized, ports: AuthorizePorts): Promise<Authorized> {
  const open = [...authorized.inquiries.values()].filter(
    (inquiry) => inquiry.consent !== undefined && inquiry.granted.size > 0,
  );
  if (open.length === 0 || ports.clock.monotonicMs() - authorized.checkedAtMs <= CHECK_AGE_MAX_MS)
    return authorized;
  const checkedAtMs = ports.clock.monotonicMs();
  const { principal } = authorized;
  const snapshot = await ports.ledger.check(
    open.map(({ merchant }) => ({ bank: principal.id, merchant })),
    principal.credentials,
  );
  const inquiries = new Map(authorized.inquiries);
  for (const [i, inquiry] of open.entries()) {
    const same = (snapshot.consents[i] ?? []).find(
      (consent) => consent.terms.consentId === inquiry.consent?.terms.consentId,
    );
    // The use of this very inquiry is counted already and must not refuse it.
    const uncounted = same === undefined ? [] : [{ ...same, used: Math.max(0, same.used - 1) }];
    const now = decide(
      uncounted,
      {
        bank: principal.id,
        merchant: inquiry.merchant,
        purpose: inquiry.purpose,
        categories: inquiry.asked,
        records: inquiry.askedRecords,
        tokenDetails: principal.details,
      },
      ports.rulebook,
      snapshot.now,
    );
    inquiries.set(inquiry.merchant, narrowed(inquiry, now));
  }
  return { ...authorized, inquiries, checkedAtMs };
}
