import { stateOf } from "../../../schema/consent.js";
import { signedBy } from "../../../schema/consent/state.js";
import { BureauError } from "../../../schema/errors.js";
import type { AskedConsent, AskedTerms, ConsentDesk, DeskRequest, DeskState } from "../../../schema/ports.js";
import { CN_RULEBOOK } from "../../../schema/rulebook.js";
import { isUuid } from "../../host/paging.js";
import { agreeTerms } from "../agree-terms.js";
import { changeConsent } from "../change-consent.js";
import { findConsent, type StoredConsent } from "../consent-store.js";
import type { ConsentRoom, SignArtefact } from "../grant-consent.js";
import { type ConsentStore, transact } from "../transaction.js";
import { approveRequest, denyRequest } from "./answer-request.js";
import { requestConsent, sameTerms } from "./request-consent.js";
import {
  type ConsentRequest,
  findRequest,
  listRequests,
  recentRequests,
  type RequestedTerms,
  requestStateOf,
} from "./request-store.js";

const OPEN_MAX = 50;

export interface ConsentDeskOptions extends ConsentStore {
  readonly signArtefact: SignArtefact;
}

/** The room's verbs for the authorization server: a bank asks, a merchant answers on a page or by the API. */
export function createConsentDesk({ signArtefact, ...store }: ConsentDeskOptions): ConsentDesk {
  const room: ConsentRoom = { store, rulebook: CN_RULEBOOK, signArtefact };
  const read = async (merchant: string, requestId: string): Promise<DeskRequest | undefined> => {
    const request = isUuid(requestId) ? await findRequest(store, merchant, requestId) : undefined;
    return request && present(room, request);
  };
  const get = async (merchant: string, requestId: string): Promise<DeskRequest> => {
    const request = await read(merchant, requestId);
    if (request === undefined) throw new BureauError("NOT_FOUND");
    return request;
  };
  return {
    judge: async ({ merchant, purpose, terms }) => {
      const now = await transact(store, (trx) => trx.now());
      const agreed = { ...terms, startsAt: now.toISOString() };
      agreeTerms(room.rulebook, { merchant, purpose, terms: agreed, outOfRange: "REFUSE" });
    },
    request: (asked) => request(room, asked),
    read,
    open: async (merchant) => {
      const newest = await listRequests(store, { merchant }, { limit: OPEN_MAX, after: undefined });
      const all = await Promise.all(newest.map((held) => present(room, held)));
      return all.filter(({ state }) => state === "PENDING" || state === "AWAITING_SIGNATORIES");
    },
    approve: async (by, requestId, narrowing) => {
      await approveRequest(room, by, { requestId, narrowing });
      return get(by.merchant, requestId);
    },
    deny: async (by, requestId) => {
      const { state, granted } = await get(by.merchant, requestId);
      if (state === "AWAITING_SIGNATORIES" && granted !== undefined)
        await changeConsent(room, by, { consentId: granted.consentId, change: "REVOKED" });
      else await denyRequest(room, by.merchant, requestId);
      return get(by.merchant, requestId);
    },
  };
}

/** What was granted as it is asked for again is there already: nobody is asked twice for the same. */
async function request(room: ConsentRoom, asked: AskedConsent): Promise<DeskRequest> {
  const terms = toRequested(asked.terms);
  const { newest } = await transact(room.store, (trx) => recentRequests(trx, asked));
  if (newest?.decision?.kind === "APPROVED" && sameTerms(newest.terms, terms)) {
    const held = await present(room, newest);
    if (held.state !== "ENDED") return held;
  }
  return present(room, await requestConsent(room, { ...asked, terms, outOfRange: "REFUSE" }));
}

/** A request with what it led to, both as they stand at the instant they were read. */
async function present({ store }: ConsentRoom, request: ConsentRequest): Promise<DeskRequest> {
  const { requestId, merchant, bank, purpose, terms, createdAt, lapsesAt, decision, now } = request;
  const same = { requestId, merchant, bank, purpose, createdAt, lapsesAt, terms: toAsked(terms) };
  const consentId = decision?.consentId;
  if (consentId == null) return { ...same, state: UNANSWERED[requestStateOf(request, now)] };
  const stored = await findConsent(store, consentId, { owner: { merchant }, setNow: store.now?.() });
  if (stored === undefined) throw new Error(`the consent ${consentId} of an approved request is not there`);
  return { ...same, ...outcomeOf(stored) };
}

const UNANSWERED = { PENDING: "PENDING", DENIED: "DENIED", LAPSED: "ENDED", APPROVED: "ENDED" } as const;

function outcomeOf({ consent, now }: StoredConsent): Pick<DeskRequest, "state" | "granted"> {
  const { terms, events } = consent;
  const { consentId, quorum = 1 } = terms;
  const granted = { ...toAsked(terms), consentId, signed: signedBy(terms, events), quorum };
  return { state: deskStateOf(stateOf(consent, now)), granted };
}

function deskStateOf(state: ReturnType<typeof stateOf>): DeskState {
  switch (state) {
    case "AWAITING_SIGNATORIES":
      return "AWAITING_SIGNATORIES";
    case "REVOKED":
    case "EXPIRED":
    case "SUPERSEDED":
    case "CLOSED":
    case "TERMINATED":
      return "ENDED";
    case "SCHEDULED":
    case "ACTIVE":
    case "PAUSED":
    case "EXHAUSTED":
      return "GRANTED";
    default:
      return state satisfies never;
  }
}

/** Where no records are asked for, the terms say nothing of records, as those of a bank that asks in the graph. */
function toRequested({ records, ...terms }: AskedTerms): RequestedTerms {
  return records.length === 0 ? terms : { ...terms, records };
}

function toAsked({
  categories,
  records = [],
  lookbackMonths,
  expiresAt,
  frequency,
}: RequestedTerms): AskedTerms {
  return { categories, records, lookbackMonths, expiresAt, frequency };
}
