import { type Kysely, sql } from "kysely";

/**
 * Loan stages, signatories, what was cut from terms, and use counters of their own for a loan's monitoring. The guards
 * hold whatever the application does: nothing follows a final event, only agreed signatories sign and each once, only
 * a living consent with loan terms is disbursed, once, and only what was disbursed is closed. A list of signatories is
 * replaced by as many approvals as the list in force asks for.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...COLUMNS, ...EVENT_GUARD, ...LISTS, ...LIST_GUARDS])
    await sql.raw(statement).execute(db);
}

const FINAL = "('REVOKED', 'SUPERSEDED', 'TERMINATED', 'CLOSED')";

const COLUMNS = [
  // What was asked beyond the purpose and cut: [{field, asked, given, rule, article}]; no part of the artefact.
  `alter table consents.consent add column cuts jsonb not null default '[]'`,
  `alter table consents.consent_request add column cuts jsonb not null default '[]'`,
  `alter table consents.consent_event
    add column signatory text,
    add column loan_reference text,
    add column disbursed_at timestamptz(3),
    drop constraint consent_event_kind_check,
    add constraint consent_event_kind_check check (kind in ('GRANTED', 'SIGNED', 'PAUSED', 'RESUMED', 'DISBURSED',
      'CLOSED', 'TERMINATED', 'REVOKED', 'SUPERSEDED')),
    add constraint signed_by_somebody check (kind <> 'SIGNED' or signatory is not null),
    add constraint loan_is_named check ((kind in ('DISBURSED', 'CLOSED')) = (loan_reference is not null)),
    add constraint disbursal_is_dated check ((kind = 'DISBURSED') = (disbursed_at is not null))`,
  `create unique index consent_signed_once on consents.consent_event (merchant_id, consent_id, signatory)
    where kind = 'SIGNED'`,
  // The monitoring of a loan starts with a count of its own.
  `alter table consents.usage add column is_post_loan boolean not null default false`,
  `alter table consents.usage drop constraint usage_pkey,
    add primary key (merchant_id, consent_id, is_post_loan, period_start)`,
];

const EVENT_GUARD = [
  // May an event of this kind follow what is past? The row lock of the consent is held.
  `create function consents.may_follow(next consents.consent_event, terms jsonb) returns boolean
    language plpgsql as $$
    declare
      past record;
    begin
      select count(*) as events, count(*) filter (where kind in ${FINAL}) as final,
        count(*) filter (where kind = 'DISBURSED') as disbursed,
        max(loan_reference) filter (where kind = 'DISBURSED') as loan,
        count(*) filter (where kind = 'SIGNED') as signed,
        (array_agg(kind order by seq desc) filter (where kind in ('PAUSED', 'RESUMED')))[1] as held
        into past from consents.consent_event
        where merchant_id = next.merchant_id and consent_id = next.consent_id;
      if (past.events = 0) <> (next.kind = 'GRANTED') or past.final > 0 then
        return false;
      end if;
      return case next.kind
        when 'SIGNED' then coalesce(terms->'signatories' ? next.signatory, false)
        when 'PAUSED' then past.held is distinct from 'PAUSED'
        when 'RESUMED' then past.held is not distinct from 'PAUSED'
        when 'DISBURSED' then terms ? 'loan' and past.disbursed = 0
          and (not terms ? 'signatories' or past.signed >= greatest(1, coalesce((terms->>'quorum')::int, 1)))
          and next.at >= (terms->>'startsAt')::timestamptz and next.at < (terms->>'expiresAt')::timestamptz
          and next.disbursed_at <= next.at
        when 'CLOSED' then past.disbursed = 1 and next.loan_reference = past.loan
        else true
      end;
    end
  $$`,
  `create or replace function consents.guard_event() returns trigger language plpgsql
    security definer set search_path = pg_catalog, pg_temp as $$
    declare
      agreed jsonb;
      last record;
    begin
      select terms into agreed from consents.consent
        where merchant_id = new.merchant_id and consent_id = new.consent_id for update;
      if not found then
        raise exception 'an event of no consent' using errcode = 'foreign_key_violation';
      end if;
      select seq, kind, at into last from consents.consent_event
        where merchant_id = new.merchant_id and consent_id = new.consent_id order by seq desc limit 1;
      new.at := greatest(date_trunc('milliseconds', new.at), last.at);
      if new.seq <> coalesce(last.seq, 0) + 1 or consents.may_follow(new, agreed) is not true then
        raise exception '% cannot follow %', new.kind, coalesce(last.kind, 'NONE')
          using errcode = 'restrict_violation';
      end if;
      return new;
    end
  $$`,
];

const LISTS = [
  `create table consents.signatory_list (
    merchant_id text not null,
    seq int not null check (seq >= 1),
    quorum int not null check (quorum >= 1),
    signatories jsonb not null,
    replaces int,
    created_at timestamptz(3) not null,
    primary key (merchant_id, seq),
    foreign key (merchant_id, replaces) references consents.signatory_list,
    check (jsonb_typeof(signatories) = 'array' and quorum <= jsonb_array_length(signatories))
  )`,
  `create table consents.signatory_approval (
    merchant_id text not null,
    seq int not null,
    signatory text not null,
    at timestamptz(3) not null,
    primary key (merchant_id, seq, signatory),
    foreign key (merchant_id, seq) references consents.signatory_list
  )`,
  // The list in force is the newest that replaces none, or was approved by as many as the list it replaces asks for.
  `create function consents.signatories_in_force(merchant text) returns int language sql stable as $$
      select max(l.seq) from consents.signatory_list l
        left join consents.signatory_list before on before.merchant_id = l.merchant_id and before.seq = l.replaces
        where l.merchant_id = merchant and (l.replaces is null or before.quorum <= (
          select count(*) from consents.signatory_approval a where a.merchant_id = l.merchant_id and a.seq = l.seq))
    $$`,
];

const LIST_GUARDS = [
  ...["signatory_list", "signatory_approval"].map(
    (table) => `create trigger append_only before update or delete or truncate on consents.${table}
      for each statement execute function consents.refuse_change()`,
  ),
  `create function consents.guard_signatory_list() returns trigger language plpgsql as $$
    begin
      if new.replaces is distinct from consents.signatories_in_force(new.merchant_id)
        or new.seq <> 1 + coalesce((select max(seq) from consents.signatory_list where merchant_id = new.merchant_id), 0)
      then
        raise exception 'a list replaces the one in force' using errcode = 'restrict_violation';
      end if;
      return new;
    end
  $$`,
  `create trigger replaces_the_one_in_force before insert on consents.signatory_list
    for each row execute function consents.guard_signatory_list()`,
  // The row lock of the list in force lets one replacement at a time through; the statement below it sees the last.
  `create function consents.guard_signatory_approval() returns trigger language plpgsql
    security definer set search_path = pg_catalog, pg_temp as $$
    declare
      before record;
    begin
      select b.seq, b.signatories into before from consents.signatory_list l
        join consents.signatory_list b on b.merchant_id = l.merchant_id and b.seq = l.replaces
        where l.merchant_id = new.merchant_id and l.seq = new.seq for update of b;
      if not found or not before.signatories ? new.signatory
        or before.seq is distinct from consents.signatories_in_force(new.merchant_id)
      then
        raise exception 'not an approval by the list in force' using errcode = 'restrict_violation';
      end if;
      return new;
    end
  $$`,
  `create trigger approved_by_the_one_in_force before insert on consents.signatory_approval
    for each row execute function consents.guard_signatory_approval()`,
];
