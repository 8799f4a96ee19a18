import { stateOf } from "../../schema/consent.js";
import type { ConsentEventKind, ConsentState } from "../../schema/consent-terms.js";
import { BureauError } from "../../schema/errors.js";
import { isUuid } from "../host/paging.js";
import { appendEvent, findConsent, lockConsent, type StoredConsent } from "./consent-store.js";
import { endGrantOfLast } from "./credentials/link-grant.js";
import { type ConsentStore, transact } from "./transaction.js";

/** What a merchant can do to a consent of its own. */
export type Change = "PAUSED" | "RESUMED" | "REVOKED";

/** Does the change say anything new of a consent in this state, is it done already, or is it too late? */
function judge(
  change: Change,
  state: ConsentState,
  events: readonly ConsentEventKind[],
): "append" | "done" | "conflict" {
  if (state === "REVOKED") return change === "REVOKED" ? "done" : "conflict";
  if (state === "SUPERSEDED") return "conflict";
  if (change === "REVOKED") return "append";
  if (state === "EXPIRED") return "conflict";
  const paused = events.findLast((kind) => kind === "PAUSED" || kind === "RESUMED") === "PAUSED";
  return paused === (change === "PAUSED") ? "done" : "append";
}

/**
 * Pauses, resumes or revokes, and resolves after the commit: whatever is asked later, anywhere, sees it. A retry gives
 * the same answer. A consent of another merchant does not exist here.
 * @throws NOT_FOUND, CONFLICT, SERVICE_UNAVAILABLE
 */
export async function changeConsent(
  store: ConsentStore,
  merchant: string,
  { consentId, change }: { readonly consentId: string; readonly change: Change },
): Promise<StoredConsent> {
  if (!isUuid(consentId)) throw new BureauError("NOT_FOUND");
  return transact(store, async (trx) => {
    if (!(await lockConsent(trx, merchant, consentId))) throw new BureauError("NOT_FOUND");
    const at = await trx.now();
    const find = async (): Promise<StoredConsent> => {
      const found = await findConsent(trx, consentId, { owner: { merchant }, setNow: store.now?.() });
      if (found === undefined) throw new BureauError("NOT_FOUND");
      return found;
    };
    const held = await find();
    const state = stateOf(held.consent, held.now);
    const verdict = judge(
      change,
      state,
      held.consent.events.map(({ kind }) => kind),
    );
    if (verdict === "conflict")
      throw new BureauError("CONFLICT", `${change} after ${state}`, { facts: { state } });
    if (verdict === "done") return held;
    await appendEvent(trx, held.consent.terms, { kind: change, at, actor: merchant });
    if (change === "REVOKED") await endGrantOfLast(trx, held.consent.terms, { at, actor: merchant });
    return find();
  });
}
