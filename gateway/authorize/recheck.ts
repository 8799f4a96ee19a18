import { OperationTypeNode } from "graphql";
import { decide } from "../../schema/consent.js";
import type { ConsentSnapshot } from "../../schema/ports.js";
import type { Authorized, Inquiry } from "../inquiry.js";
import type { AuthorizePorts } from "./index.js";
import { narrowed } from "./inquiry-of.js";
import { CHECK_AGE_MAX_MS, withdraw } from "./standing.js";

/**
 * Asks the ledger again when the last check is older than 50 ms, and takes back what has ended since: consents, and the
 * standing of whoever asks. It can only narrow: a consent granted meanwhile opens the next inquiry, not this one. What a
 * mutation did is done, so its answer does not depend on its asker's standing any more.
 * @throws CONSENT_UNKNOWN when the truth is out of reach
 */
export async function recheck(authorized: Authorized, ports: AuthorizePorts): Promise<Authorized> {
  const { principal, operation } = authorized;
  const open = [...authorized.inquiries.values()].filter(
    (inquiry) => inquiry.consent !== undefined && inquiry.granted.size > 0,
  );
  const isDone = operation.definition.operation === OperationTypeNode.MUTATION;
  const isFresh = ports.clock.monotonicMs() - authorized.checkedAtMs <= CHECK_AGE_MAX_MS;
  if (isFresh || authorized.ended.length > 0 || (isDone && open.length === 0)) return authorized;
  const checkedAtMs = ports.clock.monotonicMs();
  const snapshot = await ports.ledger.check(
    open.map(({ merchant }) => ({ bank: principal.id, merchant })),
    isDone ? [] : principal.credentials,
  );
  const inquiries = new Map(authorized.inquiries);
  for (const [i, inquiry] of open.entries())
    inquiries.set(inquiry.merchant, judgeAgain(inquiry, { i, snapshot, authorized, ports }));
  if (snapshot.ended.length > 0)
    for (const [merchant, inquiry] of inquiries) inquiries.set(merchant, withdraw(inquiry));
  return { ...authorized, inquiries, ended: snapshot.ended, checkedAtMs };
}

function judgeAgain(
  inquiry: Inquiry,
  {
    i,
    snapshot,
    authorized: { principal },
    ports,
  }: {
    readonly i: number;
    readonly snapshot: ConsentSnapshot;
    readonly authorized: Authorized;
    readonly ports: AuthorizePorts;
  },
): Inquiry {
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
  return narrowed(inquiry, now);
}
