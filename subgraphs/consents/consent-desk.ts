import { stateOf } from "../../schema/consent.js";
import { BureauError } from "../../schema/errors.js";
import type { AskedConsent, AskedTerms, ConsentDesk, DeskRequest, DeskSigner, Narrowing } from "../../schema/ports.js";
import { CN_RULEBOOK } from "../../schema/rulebook.js";
import { isUuid } from "../host/paging.js";
import { findConsent, lockPair, type StoredConsent } from "./consent-store.js";
import { changeConsent } from "./change-consent.js";
import { type ConsentRoom, requireWithinCeiling, type SignArtefact } from "./grant-consent.js";
import { approveRequest, denyRequest, requestConsent, sameTerms } from "./request-consent.js";
import {
  type ConsentRequest,
  findRequest,
  listRequests,
  recentRequests,
  type RequestedTerms,
  requestStateOf,
} from "./request-store.js";
import { type ConsentStore, transact } from "./transaction.js";

const OPEN_MAX = 50;

export interface ConsentDeskOptions extends ConsentStore {
  readonly signArtefact: SignArtefact;
}

/** The room's verbs for the authorization server: a bank asks, a merchant answers on a page or by a backchannel. */
export function createConsentDesk({ signArtefact, ...store }: ConsentDeskOptions): ConsentDesk {
  const room: ConsentRoom = { store, rulebook: CN_RULEBOOK, signArtefact };
  const read = async (merchant: string, requestId: string): Promise<DeskRequest | undefined> => {
    const request = isUuid(requestId) ? await findRequest(store, merchant, requestId) : undefined;
    return request && present(room, request);
  };
  const reread = async (merchant: string, requestId: string): Promise<DeskRequest> => {
    const request = await read(merchant, requestId);
    if (request === undefined) throw new BureauError("NOT_FOUND");
    return request;
  };
  return {
    judge: async ({ merchant, purpose, terms }) => {
      const startsAt = await transact(store, (trx) => trx.now());
      const agreed = { ...toRequested(terms), startsAt: startsAt.toISOString() };
      requireWithinCeiling(room.rulebook, { merchant, purpose, terms: agreed });
    },
    request: (asked) => request(room, asked),
    read,
    open: async (merchant) => {
      const newest = await listRequests(store, { merchant }, { limit: OPEN_MAX, after: undefined });
      const all = await Promise.all(newest.map((held) => present(room, held)));
      return all.filter(({ state }) => state === "PENDING" || state === "AWAITING_SIGNATORIES");
    },
    approve: async (by, requestId, narrowing) => {
      const held = await reread(by.merchant, requestId);
      await approve(room, by, { held, narrowing });
      return reread(by.merchant, requestId);
    },
    deny: async (by, requestId) => {
      const held = await reread(by.merchant, requestId);
      if (held.state === "AWAITING_SIGNATORIES" && held.granted !== undefined)
        await changeConsent(store, by.merchant, { consentId: held.granted.consentId, change: "REVOKED" });
      else await denyRequest(room, by.merchant, requestId);
      return reread(by.merchant, requestId);
    },
  };
}

/** What was granted as it is asked for again is there already: nobody is asked twice for the same. */
async function request(room: ConsentRoom, asked: AskedConsent): Promise<DeskRequest> {
  const terms = toRequested(asked.terms);
  const newest = await transact(room.store, async (trx) => {
    await lockPair(trx, asked.merchant, asked);
    return (await recentRequests(trx, asked)).newest;
  });
  if (newest?.decision?.kind === "APPROVED" && sameTerms(newest.terms, terms)) {
    const held = await present(room, newest);
    if (held.state === "GRANTED" || held.state === "AWAITING_SIGNATORIES") return held;
  }
  return present(room, await requestConsent(room, { ...asked, terms }));
}

async function approve(
  room: ConsentRoom,
  { merchant }: DeskSigner,
  { held, narrowing }: { readonly held: DeskRequest; readonly narrowing: Narrowing },
): Promise<void> {
  await approveRequest(room, merchant, { requestId: held.requestId, narrowing: toNarrowing(narrowing) });
}

/** A request with what it led to, both as they stand at the instant they were read. */
async function present({ store }: ConsentRoom, request: ConsentRequest): Promise<DeskRequest> {
  const { requestId, merchant, bank, purpose, terms, createdAt, lapsesAt, decision, now } = request;
  const same = { requestId, merchant, bank, purpose, createdAt, lapsesAt, terms: toAsked(terms) };
  const consentId = decision?.consentId ?? undefined;
  if (consentId === undefined) {
    const state = requestStateOf(request, now);
    return { ...same, state: state === "PENDING" ? "PENDING" : state === "DENIED" ? "DENIED" : "ENDED" };
  }
  const stored = await findConsent(store, consentId, { owner: { merchant }, setNow: store.now?.() });
  if (stored === undefined) throw new Error(`the consent ${consentId} of an approved request is not there`);
  return { ...same, ...granted(stored) };
}

function granted({ consent, now }: StoredConsent): Pick<DeskRequest, "state" | "granted"> {
  const { consentId } = consent.terms;
  const state = stateOf(consent, now);
  const isOver = state === "REVOKED" || state === "SUPERSEDED" || state === "EXPIRED";
  return {
    state: isOver ? "ENDED" : "GRANTED",
    granted: { ...toAsked(consent.terms), consentId, signed: [], quorum: 1 },
  };
}

function toRequested({ categories, lookbackMonths, expiresAt, frequency }: AskedTerms): RequestedTerms {
  return { categories, lookbackMonths, expiresAt, frequency };
}

function toAsked({ categories, lookbackMonths, expiresAt, frequency }: RequestedTerms): AskedTerms {
  return { categories, records: [], lookbackMonths, expiresAt, frequency };
}

function toNarrowing({ records: _records, ...narrowing }: Narrowing): Omit<Narrowing, "records"> {
  return narrowing;
}
