import {
  type ConsentEventKind,
  type ConsentTerms,
  FINAL_EVENT_KINDS,
  type LedgerConsent,
} from "../../schema/consent-terms.js";
import type { TermCut } from "../../schema/consent/clamp.js";
import type { Purpose } from "../../schema/purposes.js";
import type { Position } from "../host/paging.js";
import { CLOCK, CONSENT_COLUMNS, type ConsentRow, judgedAt, toLedgerConsent } from "./consent-row.js";
import { type ConsentStore, read, type Transaction } from "./transaction.js";

/** A consent with its artefact, as its parties see it, and the instant at which it was read. */
export interface StoredConsent {
  readonly consent: LedgerConsent & { readonly terms: ConsentTerms };
  readonly artefact: string;
  /** What was asked beyond the purpose and cut when it was granted. */
  readonly cuts: readonly CutTerm[];
  readonly createdAt: Date;
  readonly now: Date;
}

/** A cut with the article that it rests on for this merchant. */
export interface CutTerm extends TermCut {
  readonly article: string;
}

/** Whose consents are meant: a merchant's, a bank's, or (for officers, one at a time) anyone's. */
export type Owner = { readonly merchant: string } | { readonly bank: string } | "anyone";

interface StoredRow extends ConsentRow {
  readonly artefact: string;
  readonly cuts: readonly CutTerm[];
  readonly now: Date;
}

const SELECT = `with ${CLOCK} select clock.now, c.artefact, c.cuts, ${CONSENT_COLUMNS} from clock, consents.consent c`;

/** One consent, or `undefined` where the owner has none of this id. */
export async function findConsent(
  source: ConsentStore | Transaction,
  consentId: string,
  options: { readonly owner: Owner; readonly setNow?: Date | undefined },
): Promise<StoredConsent | undefined> {
  const { clause, values } = ownedBy(options.owner, 3);
  const text = `${SELECT} where c.consent_id = $2 and ${clause}`;
  const bound = [options.setNow ?? null, consentId, ...values];
  const rows =
    "query" in source
      ? await source.query<StoredRow>(text, bound)
      : await read<StoredRow>(source, text, bound);
  return rows[0] === undefined ? undefined : toStored(rows[0]);
}

/** Newest first, after a position; at most `limit`. */
export async function listConsents(
  store: ConsentStore,
  owner: Exclude<Owner, "anyone">,
  page: { readonly limit: number; readonly after: Position | undefined },
): Promise<readonly StoredConsent[]> {
  const { clause, values } = ownedBy(owner, 5);
  const text = `${SELECT} where ${clause}
    and ($3::timestamptz is null or (c.created_at, c.consent_id) < ($3::timestamptz, $4::uuid))
    order by c.created_at desc, c.consent_id desc limit $2`;
  const bound = [
    store.now?.() ?? null,
    page.limit,
    page.after?.at ?? null,
    page.after?.id ?? null,
    ...values,
  ];
  return (await read<StoredRow>(store, text, bound)).map(toStored);
}

/** Takes the row lock of a consent of this merchant; false where there is none. Its events stand still until the commit. */
export async function lockConsent(trx: Transaction, merchant: string, consentId: string): Promise<boolean> {
  const text = "select consents.lock_consent($1, $2) as found";
  const [row] = await trx.query<{ found: boolean }>(text, [merchant, consentId]);
  return row?.found === true;
}

/** One request at a time of a bank to a merchant, so that those that are pending can be counted. */
export async function lockBank(trx: Transaction, merchant: string, bank: string): Promise<void> {
  await trx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`requests ${merchant} ${bank}`]);
}

/** One grant at a time for a merchant, bank and purpose, so that two cannot both be the newest. */
export async function lockPair(
  trx: Transaction,
  merchant: string,
  pair: { bank: string; purpose: Purpose },
): Promise<void> {
  await trx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [
    `consents ${merchant} ${pair.purpose} ${pair.bank}`,
  ]);
}

/**
 * Ids of the consents of a pair that no final event has ended, newest first; they may have expired. For monitoring they
 * include those that a disbursal may have turned into it: which terms are in force is judged under their locks.
 */
export async function openConsents(
  trx: Transaction,
  merchant: string,
  pair: { bank: string; purpose: Purpose },
): Promise<readonly string[]> {
  const text = `select c.consent_id from consents.consent c
    where c.merchant_id = $1 and c.bank = $2
      and (c.purpose = $3 or ($3 = 'POST_LOAN_MONITORING' and jsonb_exists(c.terms, 'loan')))
      and not exists (select 1 from consents.consent_event e where e.merchant_id = c.merchant_id
        and e.consent_id = c.consent_id and e.kind = any($4))
    order by c.created_at desc, c.consent_id desc`;
  const rows = await trx.query<{ consent_id: string }>(text, [
    merchant,
    pair.bank,
    pair.purpose,
    [...FINAL_EVENT_KINDS],
  ]);
  return rows.map((row) => row.consent_id);
}

/** Appends the artefact; its first event must follow in the same transaction. */
export async function insertConsent(
  trx: Transaction,
  terms: ConsentTerms,
  rest: { artefact: string; cuts: readonly CutTerm[]; at: Date },
): Promise<void> {
  const { merchant, consentId, version, bank, purpose } = terms;
  await trx.query(
    `insert into consents.consent (merchant_id, consent_id, version, bank, purpose, terms, artefact, created_at, cuts)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      merchant,
      consentId,
      version,
      bank,
      purpose,
      JSON.stringify(terms),
      rest.artefact,
      rest.at,
      JSON.stringify(rest.cuts),
    ],
  );
}

/** An event to be appended. */
export interface NewEvent {
  readonly kind: ConsentEventKind;
  readonly at: Date;
  /** The party that acts: a USCC or a bank's id. */
  readonly actor: string;
  readonly signatory?: string | undefined;
  readonly loanReference?: string | undefined;
  readonly disbursedAt?: Date | undefined;
}

/** Appends an event after the last; the guard refuses what cannot follow. The consent's row must be locked. */
export async function appendEvent(
  trx: Transaction,
  { merchant, consentId }: Pick<ConsentTerms, "merchant" | "consentId">,
  { kind, at, actor, signatory, loanReference, disbursedAt }: NewEvent,
): Promise<void> {
  await trx.query(
    `insert into consents.consent_event
        (merchant_id, consent_id, seq, kind, at, actor, signatory, loan_reference, disbursed_at)
      select $1::text, $2::uuid, coalesce(max(seq), 0) + 1, $3::text, $4::timestamptz, $5::text, $6::text, $7::text,
        $8::timestamptz
      from consents.consent_event where merchant_id = $1 and consent_id = $2`,
    [merchant, consentId, kind, at, actor, signatory ?? null, loanReference ?? null, disbursedAt ?? null],
  );
}

function ownedBy(
  owner: Owner,
  position: number,
): { readonly clause: string; readonly values: readonly string[] } {
  if (owner === "anyone") return { clause: "true", values: [] };
  if ("merchant" in owner) return { clause: `c.merchant_id = $${position}`, values: [owner.merchant] };
  return { clause: `c.bank = $${position}`, values: [owner.bank] };
}

function toStored(row: StoredRow): StoredConsent {
  const consent = toLedgerConsent(row);
  const { artefact, cuts } = row;
  return { consent, artefact, cuts, createdAt: row.created_at, now: judgedAt(row.now, [[consent]]) };
}
