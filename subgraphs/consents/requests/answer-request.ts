import { stateOf } from "../../../schema/consent.js";
import { BureauError } from "../../../schema/errors.js";
import { isUuid } from "../../host/paging.js";
import { findConsent, type StoredConsent } from "../consent-store.js";
import { type ConsentRoom, signConsent, writeGrant } from "../grant-consent.js";
import type { Signer } from "../signatories/require-signatory.js";
import { transact, type Transaction } from "../transaction.js";
import { isAsGranted, type Narrowing, narrowRequest } from "./narrow-request.js";
import { type ConsentRequest, insertDecision, lockRequest, requestStateOf } from "./request-store.js";

/**
 * The merchant approves a pending request as it is or narrower; the consent starts at once, or as soon as enough
 * signatories have approved: the first settles the terms, the others sign them.
 * @throws NOT_FOUND, CONFLICT, SIGNATORY_NOT_REGISTERED, BAD_USER_INPUT when anything is wider than asked
 */
export async function approveRequest(
  room: ConsentRoom,
  signer: Signer,
  { requestId, narrowing }: { readonly requestId: string; readonly narrowing: Narrowing },
): Promise<StoredConsent> {
  return transact(room.store, async (trx) => {
    const request = await ownRequest(trx, signer.merchant, requestId);
    const proposed = await proposedBy(room, trx, request);
    if (proposed !== undefined) {
      const { terms } = proposed.consent;
      if (isAsGranted(narrowing, terms))
        return signConsent(room, trx, { ...signer, consentId: terms.consentId });
      throw new BureauError("CONFLICT", "narrowed after the first signature", {
        facts: { problem: "the first signatory has settled the terms; sign them, or revoke the consent" },
      });
    }
    requirePending(request);
    const { bank, purpose } = request;
    const terms = narrowRequest(request.terms, narrowing);
    const stored = await writeGrant(room, trx, { ...signer, bank, purpose, terms, outOfRange: "REFUSE" });
    const { consentId } = stored.consent.terms;
    await insertDecision(trx, request, { kind: "APPROVED", at: stored.createdAt, consentId });
    return stored;
  });
}

/** The merchant denies a pending request; a retry gives the same answer. @throws NOT_FOUND, CONFLICT */
export async function denyRequest(
  room: ConsentRoom,
  merchant: string,
  requestId: string,
): Promise<ConsentRequest> {
  return transact(room.store, async (trx) => {
    const request = await ownRequest(trx, merchant, requestId);
    if (request.decision?.kind === "DENIED") return request;
    requirePending(request);
    const decision = { kind: "DENIED" as const, at: request.now, consentId: null };
    await insertDecision(trx, request, decision);
    return { ...request, decision };
  });
}

/** The consent that a first approval made and that still waits for other signatories. */
async function proposedBy(
  room: ConsentRoom,
  trx: Transaction,
  { merchant, decision }: ConsentRequest,
): Promise<StoredConsent | undefined> {
  if (decision?.consentId == null) return undefined;
  const options = { owner: { merchant }, setNow: room.store.now?.() };
  const found = await findConsent(trx, decision.consentId, options);
  if (found?.consent.terms.signatories === undefined) return undefined;
  return stateOf(found.consent, found.now) === "AWAITING_SIGNATORIES" ? found : undefined;
}

async function ownRequest(trx: Transaction, merchant: string, requestId: string): Promise<ConsentRequest> {
  const request = isUuid(requestId) ? await lockRequest(trx, merchant, requestId) : undefined;
  if (request === undefined) throw new BureauError("NOT_FOUND");
  return request;
}

function requirePending(request: ConsentRequest): void {
  const state = requestStateOf(request, request.now);
  if (state !== "PENDING")
    throw new BureauError("CONFLICT", `the request is ${state}`, {
      facts: { state, problem: `the request is ${state}` },
    });
}
