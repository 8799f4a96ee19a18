import { stateOf, termsInForce } from "../../schema/consent.js";
import type { ConsentState } from "../../schema/consent-terms.js";
import { BureauError } from "../../schema/errors.js";
import { isUuid } from "../host/paging.js";
import { refuseArgument } from "./agree-terms.js";
import { appendEvent, findConsent, lockConsent, type NewEvent, type StoredConsent } from "./consent-store.js";
import { endGrantOfLast } from "./credentials/link-grant.js";
import { type ConsentStore, transact } from "./transaction.js";

/** A loan as the bank calls it: 1 to 64 visible ASCII characters, blanks within. */
const REFERENCE = /^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$/;

/** The event to append, or `done` where it has been told already. */
type Verdict = "done" | Pick<NewEvent, "kind" | "loanReference" | "disbursedAt">;

/** A consent under its lock, and where it stands. */
interface Held {
  readonly stored: StoredConsent;
  readonly state: ConsentState;
  /** The instant of the event that may follow. */
  readonly at: Date;
}

/**
 * The bank has paid out the loan that the consent assessed: from now on the consent is the loan's monitoring, on the
 * terms that the merchant agreed to. The same report again gives the same answer.
 * @throws NOT_FOUND, BAD_USER_INPUT
 * @throws CONFLICT where no loan terms were agreed, the consent has not begun or has ended, or another loan was reported
 */
export async function reportDisbursal(
  store: ConsentStore,
  bank: string,
  report: {
    readonly consentId: string;
    readonly loanReference: string;
    /** The bank's own instant, not in the future; now where absent. The monitoring's life counts from it. */
    readonly disbursedAt?: Date | undefined;
  },
): Promise<StoredConsent> {
  const { consentId, loanReference, disbursedAt } = report;
  requireReference(loanReference);
  return changeAsBank(store, { bank, consentId }, ({ stored, state, at }) => {
    const { terms, events } = stored.consent;
    const told = events.find(({ kind }) => kind === "DISBURSED")?.loan;
    if (terms.loan === undefined) throw conflict(state, "the consent carries no loan terms");
    if (told !== undefined && !isFinal(state)) {
      const isSame = disbursedAt === undefined || disbursedAt.getTime() === told.disbursedAt.getTime();
      if (told.reference === loanReference && isSame) return "done";
      throw conflict(state, "another disbursal was reported");
    }
    if (!["ACTIVE", "PAUSED", "EXHAUSTED"].includes(state)) throw conflict(state, `the consent is ${state}`);
    if (disbursedAt !== undefined && disbursedAt.getTime() > at.getTime())
      throw refuseArgument("disbursedAt", "disbursedAt lies in the future");
    if (disbursedAt !== undefined && disbursedAt.getTime() < Date.parse(terms.startsAt))
      throw refuseArgument("disbursedAt", "disbursedAt lies before the consent");
    return { kind: "DISBURSED", loanReference, disbursedAt: disbursedAt ?? at };
  });
}

/**
 * The loan is paid off: its monitoring ends for good. The same report again gives the same answer.
 * @throws NOT_FOUND, BAD_USER_INPUT, CONFLICT where no such loan was disbursed, or the consent ended otherwise
 */
export async function reportPayoff(
  store: ConsentStore,
  bank: string,
  { consentId, loanReference }: { readonly consentId: string; readonly loanReference: string },
): Promise<StoredConsent> {
  requireReference(loanReference);
  return changeAsBank(store, { bank, consentId }, ({ stored, state, at }) => {
    const told = stored.consent.events.find(({ kind }) => kind === "DISBURSED")?.loan;
    if (told === undefined) throw conflict(state, "no disbursal was reported");
    if (told.reference !== loanReference) throw conflict(state, "another loan was disbursed");
    if (state === "CLOSED") return "done";
    const { stage } = termsInForce(stored.consent, at);
    if (isFinal(state) || stage !== "POST_LOAN") throw conflict(state, `the consent is ${state}`);
    return { kind: "CLOSED", loanReference };
  });
}

/** The bank gives the consent back: it needs it no longer. @throws NOT_FOUND, CONFLICT where it ended otherwise */
export async function terminateConsent(
  store: ConsentStore,
  bank: string,
  consentId: string,
): Promise<StoredConsent> {
  return changeAsBank(store, { bank, consentId }, ({ state }) => {
    if (state === "TERMINATED") return "done";
    if (isFinal(state)) throw conflict(state, `the consent is ${state}`);
    return { kind: "TERMINATED" };
  });
}

/** Appends what the bank tells, and resolves after the commit. A consent for another bank does not exist here. */
async function changeAsBank(
  store: ConsentStore,
  { bank, consentId }: { readonly bank: string; readonly consentId: string },
  judge: (held: Held) => Verdict,
): Promise<StoredConsent> {
  if (!isUuid(consentId)) throw new BureauError("NOT_FOUND");
  return transact(store, async (trx) => {
    const find = async (): Promise<StoredConsent> => {
      const found = await findConsent(trx, consentId, { owner: { bank }, setNow: store.now?.() });
      if (found === undefined) throw new BureauError("NOT_FOUND");
      return found;
    };
    // The pair of a consent never changes: it may be read before the lock that makes its events stand still.
    const { merchant } = (await find()).consent.terms;
    await lockConsent(trx, merchant, consentId);
    const at = await trx.now();
    const stored = await find();
    const verdict = judge({ stored, state: stateOf(stored.consent, stored.now), at });
    if (verdict === "done") return stored;
    await appendEvent(trx, stored.consent.terms, { ...verdict, at, actor: bank });
    if (verdict.kind !== "DISBURSED") await endGrantOfLast(trx, stored.consent.terms, { at, actor: bank });
    return find();
  });
}

function isFinal(state: ConsentState): boolean {
  return ["REVOKED", "SUPERSEDED", "CLOSED", "TERMINATED"].includes(state);
}

function requireReference(loanReference: string): void {
  if (!REFERENCE.test(loanReference))
    throw refuseArgument("loanReference", "loanReference must be 1 to 64 visible ASCII characters");
}

function conflict(state: ConsentState, problem: string): BureauError {
  return new BureauError("CONFLICT", problem, { facts: { state, problem } });
}
