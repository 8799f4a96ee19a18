import { type Kysely, sql } from "kysely";

/**
 * A consent is an immutable artefact and its events; its state is never stored. The guards hold whatever the
 * application does: artefacts and events are never changed, nothing follows REVOKED or SUPERSEDED, and no consent is
 * used more often than agreed. Instants have milliseconds, cut off and never rounded up into the future.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, ...GUARDS]) await sql.raw(statement).execute(db);
}

const TABLES = [
  `create table consents.consent (
    merchant_id text not null,
    consent_id uuid not null,
    version int not null check (version >= 1),
    bank text not null,
    purpose text not null,
    terms jsonb not null,
    artefact text not null,
    created_at timestamptz(3) not null,
    primary key (merchant_id, consent_id)
  )`,
  `create index consent_pair on consents.consent (merchant_id, bank, created_at desc, consent_id desc)`,
  `create index consent_bank on consents.consent (bank, created_at desc, consent_id desc)`,
  `create index consent_merchant on consents.consent (merchant_id, created_at desc, consent_id desc)`,
  `create index consent_id on consents.consent (consent_id)`,
  `create table consents.consent_event (
    merchant_id text not null,
    consent_id uuid not null,
    seq int not null check (seq >= 1),
    kind text not null check (kind in ('GRANTED', 'PAUSED', 'RESUMED', 'REVOKED', 'SUPERSEDED')),
    at timestamptz(3) not null,
    actor text not null,
    primary key (merchant_id, consent_id, seq),
    foreign key (merchant_id, consent_id) references consents.consent
  )`,
  // One row a period that was used at all: period_start is the first day in Asia/Shanghai, 1970-01-01 for TOTAL.
  `create table consents.usage (
    merchant_id text not null,
    consent_id uuid not null,
    period_start date not null,
    used int not null check (used >= 1),
    allowed int not null,
    primary key (merchant_id, consent_id, period_start),
    check (used <= allowed)
  )`,
  `create table consents.consent_request (
    merchant_id text not null,
    request_id uuid not null,
    bank text not null,
    purpose text not null,
    terms jsonb not null,
    created_at timestamptz(3) not null,
    lapses_at timestamptz(3) not null,
    primary key (merchant_id, request_id)
  )`,
  `create index request_pair on consents.consent_request (merchant_id, bank, purpose, created_at desc)`,
  `create index request_bank on consents.consent_request (bank, created_at desc, request_id desc)`,
  `create index request_merchant on consents.consent_request (merchant_id, created_at desc, request_id desc)`,
  // At most one decision a request: the key holds it under concurrency.
  `create table consents.consent_request_event (
    merchant_id text not null,
    request_id uuid not null,
    kind text not null check (kind in ('APPROVED', 'DENIED')),
    at timestamptz(3) not null,
    consent_id uuid,
    primary key (merchant_id, request_id),
    foreign key (merchant_id, request_id) references consents.consent_request,
    check ((kind = 'APPROVED') = (consent_id is not null))
  )`,
  `create function consents.period_start(period text, instant timestamptz) returns date
    language sql immutable parallel safe as $$
      select case period
        when 'DAY' then (instant at time zone 'Asia/Shanghai')::date
        when 'WEEK' then date_trunc('week', instant at time zone 'Asia/Shanghai')::date
        when 'MONTH' then date_trunc('month', instant at time zone 'Asia/Shanghai')::date
        else date '1970-01-01'
      end
    $$`,
];

const APPEND_ONLY = ["consent", "consent_event", "consent_request", "consent_request_event"];

const GUARDS = [
  `create function consents.refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% of %.% is refused: append only', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation';
    end
  $$`,
  ...APPEND_ONLY.map(
    (table) => `create trigger append_only before update or delete or truncate on consents.${table}
      for each statement execute function consents.refuse_change()`,
  ),
  // The row lock makes events of one consent follow one another; each statement below it sees what was committed before.
  `create function consents.guard_event() returns trigger language plpgsql as $$
    declare
      last record;
      held text;
    begin
      perform 1 from consents.consent
        where merchant_id = new.merchant_id and consent_id = new.consent_id for update;
      if not found then
        raise exception 'an event of no consent' using errcode = 'foreign_key_violation';
      end if;
      select seq, kind, at into last from consents.consent_event
        where merchant_id = new.merchant_id and consent_id = new.consent_id order by seq desc limit 1;
      held := coalesce(last.kind, 'NONE');
      if new.seq <> coalesce(last.seq, 0) + 1
        or (held = 'NONE') <> (new.kind = 'GRANTED')
        or held in ('REVOKED', 'SUPERSEDED')
        or (new.kind = 'PAUSED' and held = 'PAUSED')
        or (new.kind = 'RESUMED' and held <> 'PAUSED')
      then
        raise exception '% cannot follow %', new.kind, held using errcode = 'restrict_violation';
      end if;
      new.at := greatest(date_trunc('milliseconds', new.at), last.at);
      return new;
    end
  $$`,
  `create trigger forward_only before insert on consents.consent_event
    for each row execute function consents.guard_event()`,
  // A use is never given back.
  `create function consents.guard_usage() returns trigger language plpgsql as $$
    begin
      if new.used < old.used or new.allowed <> old.allowed then
        raise exception 'uses are only counted up' using errcode = 'restrict_violation';
      end if;
      return new;
    end
  $$`,
  `create trigger count_up before update on consents.usage
    for each row execute function consents.guard_usage()`,
];
