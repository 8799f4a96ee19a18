import { stateOf } from "../../schema/consent.js";
import type { ConsentEventKind, ConsentState } from "../../schema/consent-terms.js";
import { BureauError } from "../../schema/errors.js";
import { isUuid } from "../host/paging.js";
import { appendEvent, findConsent, lockConsent, type StoredConsent } from "./consent-store.js";
import { endGrantOfLast } from "./credentials/link-grant.js";
import type { ConsentRoom } from "./grant-consent.js";
import { requireSignatory, type Signer } from "./signatories/require-signatory.js";
import { transact } from "./transaction.js";

/** What a merchant can do to a consent of its own. */
export type Change = "PAUSED" | "RESUMED" | "REVOKED";

type Verdict = "append" | "done" | "conflict";

/** Does the change say anything new of a consent in this state, is it done already, or is it too late? */
function judge(change: Change, state: ConsentState, events: readonly ConsentEventKind[]): Verdict {
  switch (state) {
    case "REVOKED":
      return change === "REVOKED" ? "done" : "conflict";
    case "SUPERSEDED":
    case "CLOSED":
    case "TERMINATED":
      return "conflict";
    case "EXPIRED":
    case "AWAITING_SIGNATORIES":
      return change === "REVOKED" ? "append" : "conflict";
    default: {
      if (change === "REVOKED") return "append";
      const paused = events.findLast((kind) => kind === "PAUSED" || kind === "RESUMED") === "PAUSED";
      return paused === (change === "PAUSED") ? "done" : "append";
    }
  }
}

/**
 * Pauses, resumes or revokes, and resolves after the commit: whatever is asked later, anywhere, sees it. A retry gives
 * the same answer. A consent of another merchant does not exist here. Whoever acts for the merchant may take away; only
 * a registered signatory gives back.
 * @throws NOT_FOUND, CONFLICT, SIGNATORY_NOT_REGISTERED, SERVICE_UNAVAILABLE
 */
export async function changeConsent(
  { store, rulebook }: Pick<ConsentRoom, "store" | "rulebook">,
  signer: Signer,
  { consentId, change }: { readonly consentId: string; readonly change: Change },
): Promise<StoredConsent> {
  const { merchant, signatory } = signer;
  if (!isUuid(consentId)) throw new BureauError("NOT_FOUND");
  return transact(store, async (trx) => {
    if (!(await lockConsent(trx, merchant, consentId))) throw new BureauError("NOT_FOUND");
    if (change === "RESUMED") await requireSignatory(trx, rulebook, signer);
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
      throw new BureauError("CONFLICT", `${change} after ${state}`, {
        facts: { state, problem: `the consent is ${state}` },
      });
    if (verdict === "done") return held;
    await appendEvent(trx, held.consent.terms, { kind: change, at, actor: merchant, signatory });
    if (change === "REVOKED") await endGrantOfLast(trx, held.consent.terms, { at, actor: merchant });
    return find();
  });
}
