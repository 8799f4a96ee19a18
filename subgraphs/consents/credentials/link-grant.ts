import { BureauError } from "../../../schema/errors.js";
import type { LinkGrant } from "../../../schema/ports.js";
import { isUuid } from "../../host/paging.js";
import { lockConsent } from "../consent-store.js";
import { type ConsentStore, transact, type Transaction } from "../transaction.js";
import {
  type ConsentKey,
  findEnded,
  grantOf,
  hasLiveConsent,
  insertEnded,
  insertLink,
  isFinal,
  lockGrants,
  revokeUnlessFinal,
} from "./credential-store.js";
import { requireQualified } from "./end-credentials.js";

/** Who revokes a consent that is tied to a grant which was ended before. */
const ACTOR = "bureau";

/** Ties consents to the OAuth grants through which they were given; see the port for its promise. */
export function createLinkGrant(store: ConsentStore): LinkGrant {
  return async (merchant, consentId, grantId) => {
    requireQualified(grantId);
    if (!isUuid(consentId)) throw new BureauError("NOT_FOUND");
    return transact(store, (trx) => tie(trx, { merchant, consentId }, grantId));
  };
}

async function tie(trx: Transaction, consent: ConsentKey, grantId: string): Promise<boolean> {
  if (!(await lockConsent(trx, consent.merchant, consent.consentId))) throw new BureauError("NOT_FOUND");
  await lockGrants(trx, [grantId]);
  const ended = (await findEnded(trx, [{ kind: "GRANT", id: grantId }])).length > 0;
  const known = await grantOf(trx, consent);
  if (known === grantId) return !ended;
  if (known !== undefined) throw new BureauError("CONFLICT", "it rests on another grant");
  if (await isFinal(trx, consent)) throw new BureauError("CONFLICT", "it ended before it was tied");
  const at = await trx.now();
  await insertLink(trx, consent, { grantId, at });
  if (ended) await revokeUnlessFinal(trx, consent, { at, actor: ACTOR });
  return !ended;
}

/**
 * To be called in the transaction that ended a consent, whose row is locked: where it was the last live one of a grant,
 * the grant ends with it, and so do its tokens.
 */
export async function endGrantOfLast(
  trx: Transaction,
  consent: ConsentKey,
  { at, actor }: { readonly at: Date; readonly actor: string },
): Promise<void> {
  const grantId = await grantOf(trx, consent);
  if (grantId === undefined) return;
  await lockGrants(trx, [grantId]);
  if (await hasLiveConsent(trx, grantId, at)) return;
  const reason = "the last consent given through it has ended";
  await insertEnded(trx, [{ kind: "GRANT", id: grantId }], { at, actor, reason });
}
