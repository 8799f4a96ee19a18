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
 * Columns of one consent `c` with its events and its uses in the period that holds `clock.now`. Events come as text,
 * `KIND:milliseconds` with commas between, because a check reads many consents and JSON costs more than the look-up.
 */
export const CONSENT_COLUMNS = `c.terms, c.created_at,
  (select string_agg(e.kind || ':' || (date_part('epoch', e.at) * 1000)::bigint, ',' order by e.seq)
    from consents.consent_event e where e.merchant_id = c.merchant_id and e.consent_id = c.consent_id) as events,
  coalesce((select u.used from consents.usage u where u.merchant_id = c.merchant_id and u.consent_id = c.consent_id
    and u.period_start = case c.terms->'frequency'->>'period' when 'DAY' then clock.day when 'WEEK' then clock.week
      when 'MONTH' then clock.month else clock.total end), 0) as used`;

/** One consent as a statement with {@link CONSENT_COLUMNS} returns it. */
export interface ConsentRow {
  readonly terms: ConsentTerms;
  readonly created_at: Date;
  readonly events: string | null;
  readonly used: number;
}

/** The consent as decisions are made on it. */
export function toLedgerConsent(row: Pick<ConsentRow, "terms" | "events" | "used">): LedgerConsent {
  return { terms: row.terms, events: readEvents(row.events ?? ""), used: row.used };
}

function readEvents(text: string): readonly ConsentEvent[] {
  if (text === "") return [];
  return text.split(",").map((event) => {
    const colon = event.indexOf(":");
    const kind = event.slice(0, colon) as ConsentEventKind;
    return { kind, at: new Date(Number(event.slice(colon + 1))) };
  });
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
