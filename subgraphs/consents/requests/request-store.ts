import type { AgreedTerms } from "../../../schema/consent/ceiling.js";
import type { Purpose } from "../../../schema/purposes.js";
import type { Position } from "../../host/paging.js";
import { CLOCK } from "../consent-row.js";
import type { CutTerm, Owner } from "../consent-store.js";
import { type ConsentStore, read, type Transaction } from "../transaction.js";

export const REQUEST_STATES = ["PENDING", "APPROVED", "DENIED", "LAPSED"] as const;
export type RequestState = (typeof REQUEST_STATES)[number];

/** The terms that a bank asks for; the consent starts when the merchant approves. */
export type RequestedTerms = Omit<AgreedTerms, "startsAt">;

/** A bank's request for consent. */
export interface ConsentRequest {
  readonly requestId: string;
  readonly merchant: string;
  readonly bank: string;
  readonly purpose: Purpose;
  readonly terms: RequestedTerms;
  /** What the bank asked for beyond the purpose, and got less of. */
  readonly cuts: readonly CutTerm[];
  readonly createdAt: Date;
  /** The instant from which it can no longer be approved. */
  readonly lapsesAt: Date;
  readonly decision:
    | { readonly kind: "APPROVED" | "DENIED"; readonly at: Date; readonly consentId: string | null }
    | undefined;
  /** When it was read. */
  readonly now: Date;
}

/** Derived from the decision and the clock, never stored. */
export function requestStateOf({ decision, lapsesAt }: ConsentRequest, now: Date): RequestState {
  if (decision !== undefined) return decision.kind;
  return now.getTime() < lapsesAt.getTime() ? "PENDING" : "LAPSED";
}

interface RequestRow {
  readonly merchant_id: string;
  readonly request_id: string;
  readonly bank: string;
  readonly purpose: Purpose;
  readonly terms: RequestedTerms;
  readonly cuts: readonly CutTerm[];
  readonly created_at: Date;
  readonly lapses_at: Date;
  readonly kind: "APPROVED" | "DENIED" | null;
  readonly decided_at: Date | null;
  readonly consent_id: string | null;
  readonly now: Date;
}

const SELECT = `with ${CLOCK} select clock.now, r.*, e.kind, e.at as decided_at, e.consent_id
  from clock, consents.consent_request r
  left join consents.consent_request_event e on e.merchant_id = r.merchant_id and e.request_id = r.request_id`;

/** Newest first, after a position; at most `limit`. */
export async function listRequests(
  store: ConsentStore,
  owner: Exclude<Owner, "anyone">,
  page: { readonly limit: number; readonly after: Position | undefined },
): Promise<readonly ConsentRequest[]> {
  const [column, id] = "merchant" in owner ? ["r.merchant_id", owner.merchant] : ["r.bank", owner.bank];
  const text = `${SELECT} where ${column} = $5
    and ($3::timestamptz is null or (r.created_at, r.request_id) < ($3::timestamptz, $4::uuid))
    order by r.created_at desc, r.request_id desc limit $2`;
  const bound = [store.now?.() ?? null, page.limit, page.after?.at ?? null, page.after?.id ?? null, id];
  return (await read<RequestRow>(store, text, bound)).map(toRequest);
}

/** One request to this merchant, or `undefined`. */
export async function findRequest(
  store: ConsentStore,
  merchant: string,
  requestId: string,
): Promise<ConsentRequest | undefined> {
  const text = `${SELECT} where r.merchant_id = $2 and r.request_id = $3`;
  const [row] = await read<RequestRow>(store, text, [store.now?.() ?? null, merchant, requestId]);
  return row && toRequest(row);
}

/** A request to this merchant, locked until the commit, so that it is decided once. */
export async function lockRequest(
  trx: Transaction,
  merchant: string,
  requestId: string,
): Promise<ConsentRequest | undefined> {
  const lock = "select consents.lock_request($1, $2) as found";
  const [locked] = await trx.query<{ found: boolean }>(lock, [merchant, requestId]);
  if (locked?.found !== true) return undefined;
  const text = `${SELECT} where r.merchant_id = $2 and r.request_id = $3`;
  const rows = await trx.query<RequestRow>(text, [await trx.now(), merchant, requestId]);
  return rows[0] === undefined ? undefined : toRequest(rows[0]);
}

/** The newest request of a bank to a merchant for a purpose, and the newest denial among them all. */
export async function recentRequests(
  trx: Transaction,
  pair: { readonly merchant: string; readonly bank: string; readonly purpose: Purpose },
): Promise<{ readonly newest: ConsentRequest | undefined; readonly deniedAt: Date | undefined }> {
  const where = "where r.merchant_id = $2 and r.bank = $3 and r.purpose = $4";
  const bound = [await trx.now(), pair.merchant, pair.bank, pair.purpose];
  const newest = await trx.query<RequestRow>(
    `${SELECT} ${where} order by r.created_at desc, r.request_id desc limit 1`,
    bound,
  );
  const denied = await trx.query<RequestRow>(
    `${SELECT} ${where} and e.kind = 'DENIED' order by e.at desc limit 1`,
    bound,
  );
  return { newest: newest[0] && toRequest(newest[0]), deniedAt: denied[0]?.decided_at ?? undefined };
}

/** The requests of a bank to a merchant that are pending at `now`, for any purpose; at most one a purpose. */
export async function pendingRequests(
  trx: Transaction,
  { merchant, bank }: Pick<ConsentRequest, "merchant" | "bank">,
  now: Date,
): Promise<readonly ConsentRequest[]> {
  const text = `${SELECT} where r.merchant_id = $2 and r.bank = $3 and e.kind is null and r.lapses_at > clock.now`;
  return (await trx.query<RequestRow>(text, [now, merchant, bank])).map(toRequest);
}

/** Appends a request. */
export async function insertRequest(trx: Transaction, request: ConsentRequest): Promise<void> {
  const { merchant, requestId, bank, purpose, terms, cuts, createdAt, lapsesAt } = request;
  await trx.query(
    `insert into consents.consent_request (merchant_id, request_id, bank, purpose, terms, created_at, lapses_at, cuts)
      values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [merchant, requestId, bank, purpose, JSON.stringify(terms), createdAt, lapsesAt, JSON.stringify(cuts)],
  );
}

/** Appends the one decision of a request. */
export async function insertDecision(
  trx: Transaction,
  { merchant, requestId }: Pick<ConsentRequest, "merchant" | "requestId">,
  decision: NonNullable<ConsentRequest["decision"]>,
): Promise<void> {
  await trx.query(
    "insert into consents.consent_request_event (merchant_id, request_id, kind, at, consent_id) values ($1, $2, $3, $4, $5)",
    [merchant, requestId, decision.kind, decision.at, decision.consentId],
  );
}

function toRequest(row: RequestRow): ConsentRequest {
  const { kind, decided_at: at } = row;
  return {
    requestId: row.request_id,
    merchant: row.merchant_id,
    bank: row.bank,
    purpose: row.purpose,
    terms: row.terms,
    cuts: row.cuts,
    createdAt: row.created_at,
    lapsesAt: row.lapses_at,
    decision: kind === null || at === null ? undefined : { kind, at, consentId: row.consent_id },
    now: row.now,
  };
}
