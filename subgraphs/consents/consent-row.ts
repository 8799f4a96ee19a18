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
 * Columns of one consent `c` with its events and its uses in the period that holds `clock.now`, under the terms in force:
 * a loan's monitoring is counted for itself from the disbursal on. Events come as text, `KIND:milliseconds` with commas
 * between, because a check reads many consents and JSON costs more than the look-up; who signed and which loan follow in
 * hexadecimal where they are known.
 */
export const CONSENT_COLUMNS = `c.terms, c.created_at,
  (select string_agg(e.kind || ':' || (date_part('epoch', e.at) * 1000)::bigint ||
      case when e.signatory is null and e.loan_reference is null then '' else
        ':' || coalesce(encode(convert_to(e.signatory, 'UTF8'), 'hex'), '') ||
        ':' || coalesce(encode(convert_to(e.loan_reference, 'UTF8'), 'hex'), '') ||
        ':' || coalesce(((date_part('epoch', e.disbursed_at) * 1000)::bigint)::text, '') end, ',' order by e.seq)
    from consents.consent_event e where e.merchant_id = c.merchant_id and e.consent_id = c.consent_id) as events,
  coalesce((select u.used from (select c.terms ? 'loan' and exists (select 1 from consents.consent_event d
        where d.merchant_id = c.merchant_id and d.consent_id = c.consent_id and d.kind = 'DISBURSED') as is_post_loan) s
    join consents.usage u on u.is_post_loan = s.is_post_loan
    where u.merchant_id = c.merchant_id and u.consent_id = c.consent_id
      and u.period_start = case case when s.is_post_loan then c.terms->'loan'->'frequency'->>'period'
          else c.terms->'frequency'->>'period' end
        when 'DAY' then clock.day when 'WEEK' then clock.week when 'MONTH' then clock.month else clock.total end), 0) as used`;

/** One consent as a statement with {@link CONSENT_COLUMNS} returns it. */
export interface ConsentRow {
  readonly terms: ConsentTerms;
  readonly created_at: Date;
  readonly events: string | null;
  readonly used: number;
}

/** The consent as decisions are made on it, with the words for people. */
export function toLedgerConsent(
  row: Pick<ConsentRow, "terms" | "events" | "used">,
): LedgerConsent & Pick<ConsentRow, "terms"> {
  return { terms: row.terms, events: readEvents(row.events ?? ""), used: row.used };
}

/** Reads events as {@link CONSENT_COLUMNS} writes them. */
export function readEvents(text: string): readonly ConsentEvent[] {
  return text === "" ? [] : text.split(",").map(readEvent);
}

function readEvent(text: string): ConsentEvent {
  const [kind, atMs, signatory = "", reference = "", disbursedAtMs = ""] = text.split(":");
  const isDisbursal = reference !== "" && disbursedAtMs !== "";
  return {
    kind: kind as ConsentEventKind,
    at: new Date(Number(atMs)),
    ...(signatory === "" ? {} : { signatory: fromHex(signatory) }),
    ...(isDisbursal
      ? { loan: { reference: fromHex(reference), disbursedAt: new Date(Number(disbursedAtMs)) } }
      : {}),
  };
}

function fromHex(text: string): string {
  return Buffer.from(text, "hex").toString("utf8");
}

/**
 * The instant to judge by: the database's clock, but never before an event that the same statement saw. A clock that
 * was set back must not bring a revoked consent to life.
 */
export function judgedAt(now: Date, consents: readonly (readonly LedgerConsent[])[]): Date {
  let latestMs = now.getTime();
  for (const list of consents)
    for (const { events } of list)
      for (const { at } of events) if (at.getTime() > latestMs) latestMs = at.getTime();
  return latestMs === now.getTime() ? now : new Date(latestMs);
}
