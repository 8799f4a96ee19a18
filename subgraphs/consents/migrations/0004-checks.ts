import { type Kysely, sql } from "kysely";

/**
 * What a check reads, in the shape in which it reads it: one line of JSON for each consent, and one for its uses, found by
 * merchant and bank with one probe of one index. The lines are written by triggers, in the transaction that changes what
 * they are made of, and by nothing else, so that they cannot lag behind it and cannot say anything else.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, ...LINES, ...KEEPERS, ...FILLED, ...INDEXES, ...GUARDS])
    await sql.raw(statement).execute(db);
}

/** As many consents of a pair as a check answers. */
const CONSENTS_OF_PAIR_MAX = 50;

const TABLES = [
  // `pair` is the merchant, a space and the bank. A merchant's code has no space, so that no two pairs are written alike.
  `create table consents.checked_consent (
    pair text collate "C" not null,
    consent_id uuid not null,
    created_at timestamptz(3) not null,
    line text not null
  ) with (fillfactor = 85)`,
  // The newest period of each stage. Half of a page stays free: a count goes up where it stands, and no index hears of it.
  `create table consents.checked_use (
    pair text collate "C" not null,
    consent_id uuid not null,
    is_post_loan boolean not null,
    period_start date not null,
    line text not null,
    primary key (pair, consent_id, is_post_loan)
  ) with (fillfactor = 50)`,
];

/** A tree has a page or two more on the way, and on each of them names are compared: half of what a look-up costs. */
const INDEXES = ["checked_consent", "checked_use"].map(
  (table) => `create index ${table}_pair on consents.${table} using hash (pair)`,
);

const SAFE = "security definer set search_path = pg_catalog, pg_temp";

/** Terms that stand in a line by their position, and the words that are for people: no decision rests on those. */
const APART = `'{merchant,bank,consentId,version,purpose,categories,lookbackMonths,startsAt,expiresAt,frequency,rulebook,
  purposeText,notice}'::text[]`;

const LINES = [
  `create function consents.pair_of(merchant text, bank text) returns text language sql immutable parallel safe
    return merchant || ' ' || bank`,
  // Read by read-lines.ts. Events are text as in consent-row.ts.
  `create function consents.checked_line(c consents.consent) returns text language sql stable
    begin atomic
      select json_build_array(c.merchant_id, c.bank, (date_part('epoch', c.created_at) * 1000)::bigint, c.consent_id,
        c.terms->'version', c.terms->'purpose', c.terms->'categories', c.terms->'lookbackMonths', c.terms->'startsAt',
        c.terms->'expiresAt', c.terms->'frequency'->'count', c.terms->'frequency'->'period', c.terms->'rulebook', (
          select coalesce(string_agg(e.kind || ':' || (date_part('epoch', e.at) * 1000)::bigint ||
            case when e.signatory is null and e.loan_reference is null then '' else
              ':' || coalesce(encode(convert_to(e.signatory, 'UTF8'), 'hex'), '') ||
              ':' || coalesce(encode(convert_to(e.loan_reference, 'UTF8'), 'hex'), '') ||
              ':' || coalesce(((date_part('epoch', e.disbursed_at) * 1000)::bigint)::text, '') end, ',' order by e.seq), '')
          from consents.consent_event e where e.merchant_id = c.merchant_id and e.consent_id = c.consent_id),
        nullif(c.terms - ${APART}, '{}'))::text;
    end`,
  `create function consents.checked_use_line(u consents.usage) returns text language sql immutable
    return json_build_array(u.consent_id, u.is_post_loan, u.period_start, u.used)::text`,
];

const KEEPERS = [
  // Whoever holds a row that is one too many is about to change it; the next consent of the pair finds it again.
  `create function consents.keep_new_consent() returns trigger language plpgsql ${SAFE} as $$
    declare
      asked text := consents.pair_of(new.merchant_id, new.bank);
    begin
      insert into consents.checked_consent (pair, consent_id, created_at, line)
        values (asked, new.consent_id, new.created_at, consents.checked_line(new));
      delete from consents.checked_consent where pair = asked and consent_id in (
        select k.consent_id from consents.checked_consent k where k.pair = asked and k.consent_id in (
          select o.consent_id from consents.checked_consent o where o.pair = asked
            order by o.created_at desc, o.consent_id desc offset ${CONSENTS_OF_PAIR_MAX})
        for update skip locked);
      return null;
    end
  $$`,
  // The row lock of the consent is held, so its events follow one another; this statement sees all that came before.
  `create function consents.keep_event() returns trigger language plpgsql ${SAFE} as $$
    begin
      update consents.checked_consent k set line = consents.checked_line(c) from consents.consent c
        where c.merchant_id = new.merchant_id and c.consent_id = new.consent_id
          and k.pair = consents.pair_of(c.merchant_id, c.bank) and k.consent_id = c.consent_id;
      return null;
    end
  $$`,
  // In one order everywhere, so that transactions cannot wait for each other in a ring.
  `create function consents.keep_uses() returns trigger language plpgsql ${SAFE} as $$
    begin
      insert into consents.checked_use as k (pair, consent_id, is_post_loan, period_start, line)
        select distinct on (1, 2, 3) consents.pair_of(c.merchant_id, c.bank), u.consent_id, u.is_post_loan,
            u.period_start, consents.checked_use_line(u)
          from changed u join consents.consent c on c.merchant_id = u.merchant_id and c.consent_id = u.consent_id
          order by 1, 2, 3, u.period_start desc
        on conflict (pair, consent_id, is_post_loan) do update set period_start = excluded.period_start, line = excluded.line
          where k.period_start <= excluded.period_start;
      return null;
    end
  $$`,
  `create trigger checked after insert on consents.consent for each row execute function consents.keep_new_consent()`,
  `create trigger checked after insert on consents.consent_event for each row execute function consents.keep_event()`,
  ...["insert", "update"].map(
    (change) => `create trigger checked_${change} after ${change} on consents.usage
      referencing new table as changed for each statement execute function consents.keep_uses()`,
  ),
];

const FILLED = [
  `insert into consents.checked_consent (pair, consent_id, created_at, line)
    select consents.pair_of(c.merchant_id, c.bank), c.consent_id, c.created_at, consents.checked_line(c)
    from (select merchant_id, consent_id,
        row_number() over (partition by merchant_id, bank order by created_at desc, consent_id desc) as nth
      from consents.consent) n
    join consents.consent c on c.merchant_id = n.merchant_id and c.consent_id = n.consent_id
    where n.nth <= ${CONSENTS_OF_PAIR_MAX}`,
  `insert into consents.checked_use (pair, consent_id, is_post_loan, period_start, line)
    select distinct on (1, 2, 3) consents.pair_of(c.merchant_id, c.bank), u.consent_id, u.is_post_loan, u.period_start,
      consents.checked_use_line(u)
    from consents.usage u join consents.consent c on c.merchant_id = u.merchant_id and c.consent_id = u.consent_id
    order by 1, 2, 3, u.period_start desc`,
];

const GUARDS = [
  // At depth 1 stands whoever writes here directly; the owner of everything is no exception.
  `create function consents.refuse_outsiders() returns trigger language plpgsql as $$
    begin
      if pg_trigger_depth() < 2 then
        raise exception '% of %.% is refused: it is derived', tg_op, tg_table_schema, tg_table_name
          using errcode = 'restrict_violation';
      end if;
      return null;
    end
  $$`,
  ...["checked_consent", "checked_use"].map(
    (table) => `create trigger derived before insert or update or delete or truncate on consents.${table}
      for each statement execute function consents.refuse_outsiders()`,
  ),
];
