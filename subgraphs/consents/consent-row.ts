import type { ConsentEventKind, ConsentTerms, LedgerConsent } from "../../schema/consent-terms.js";

/**
 * The database's clock, one value a statement, in milliseconds; `$1` stands for it where a test sets the clock.
 * The statement's own clock is read after its snapshot was taken, so nothing it sees lies in its future.
 */
export const CLOCK = `clock as materialized (
  select date_trunc('milliseconds', coalesce($1::timestamptz, clock_timestamp())) as now
)`;

/** Columns of one consent `c` with its events and its uses in the period that holds `clock.now`. */
export const CONSENT_COLUMNS = `c.terms, c.created_at,
  (select json_agg(json_build_array(e.kind, (extract(epoch from e.at) * 1000)::bigint) order by e.seq)
    from consents.consent_event e where e.merchant_id = c.merchant_id and e.consent_id = c.consent_id) as events,
  coalesce((select u.used from consents.usage u where u.merchant_id = c.merchant_id and u.consent_id = c.consent_id
    and u.period_start = consents.period_start(c.terms->'frequency'->>'period', clock.now)), 0) as used`;

/** One consent as a statement with {@link CONSENT_COLUMNS} returns it. */
export interface ConsentRow {
  readonly terms: ConsentTerms;
  readonly created_at: Date;
  readonly events: readonly (readonly [ConsentEventKind, number])[] | null;
  readonly used: number;
}

/** The consent as decisions are made on it. */
export function toLedgerConsent(row: Pick<ConsentRow, "terms" | "events" | "used">): LedgerConsent {
  const events = (row.events ?? []).map(([kind, ms]) => ({ kind, at: new Date(ms) }));
  return { terms: row.terms, events, used: row.used };
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
