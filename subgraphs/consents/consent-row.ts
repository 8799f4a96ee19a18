import type {
  ConsentEvent,
  ConsentEventKind,
  ConsentTerms,
  LedgerConsent,
} from "../../schema/consent-terms.js";

/**
 * The database's clock, one value a statement, in milliseconds, and the first days of the periods that hold it; `$1`
 * stands for it where a test sets the clock. The statement's own clock is read after its snapshot was taken, so nothing
 * it sees lies in its future.
 */
export const CLOCK = `instant as materialized (
  select date_trunc('milliseconds', coalesce($1::timestamptz, clock_timestamp())) as now
), clock as materialized (
  select now, consents.period_start('DAY', now) as day, consents.period_start('WEEK', now) as week,
    consents.period_start('MONTH', now) as month, consents.period_start('TOTAL', now) as total from instant
)`;

/**
 * Columns of one consent `c` with its events and its uses in the period that holds `clock.now`, under the terms in
 * force: a loan's monitoring is counted for itself from the disbursal on.
 */
export const CONSENT_COLUMNS = `c.terms, c.created_at,
  (select json_agg(json_build_array(e.kind, (extract(epoch from e.at) * 1000)::bigint, e.signatory, e.loan_reference,
      (extract(epoch from e.disbursed_at) * 1000)::bigint) order by e.seq)
    from consents.consent_event e where e.merchant_id = c.merchant_id and e.consent_id = c.consent_id) as events,
  coalesce((select u.used from (select c.terms ? 'loan' and exists (select 1 from consents.consent_event d
        where d.merchant_id = c.merchant_id and d.consent_id = c.consent_id and d.kind = 'DISBURSED') as is_post_loan) s
    join consents.usage u on u.is_post_loan = s.is_post_loan
    where u.merchant_id = c.merchant_id and u.consent_id = c.consent_id
      and u.period_start = consents.period_start(case when s.is_post_loan then c.terms->'loan'->'frequency'->>'period'
        else c.terms->'frequency'->>'period' end, clock.now)), 0) as used`;

type EventRow = readonly [
  kind: ConsentEventKind,
  atMs: number,
  signatory: string | null,
  loanReference: string | null,
  disbursedAtMs: number | null,
];

/** One consent as a statement with {@link CONSENT_COLUMNS} returns it. */
export interface ConsentRow {
  readonly terms: ConsentTerms;
  readonly created_at: Date;
  readonly events: readonly EventRow[] | null;
  readonly used: number;
}

/** The consent as decisions are made on it. */
export function toLedgerConsent(row: Pick<ConsentRow, "terms" | "events" | "used">): LedgerConsent {
  return { terms: row.terms, events: (row.events ?? []).map(toEvent), used: row.used };
}

function toEvent([kind, atMs, signatory, reference, disbursedAtMs]: EventRow): ConsentEvent {
  const isDisbursal = reference !== null && disbursedAtMs !== null;
  return {
    kind,
    at: new Date(atMs),
    ...(signatory === null ? {} : { signatory }),
    ...(isDisbursal ? { loan: { reference, disbursedAt: new Date(disbursedAtMs) } } : {}),
  };
}

/**
 * The instant to judge by: the database's clock, but never before an event that the same statement saw. A clock that
 * was set back must not bring a revoked consent to life.
 */
export function judgedAt(now: Date, consents: readonly LedgerConsent[]): Date {
  let latest = now.getTime();
  for (const { events } of consents) for (const { at } of events) latest = Math.max(latest, at.getTime());
  return new Date(latest);
}
