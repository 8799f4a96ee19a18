import { type Kysely, sql } from "kysely";

/**
 * What access tokens rest on can be ended, for good, and a consent can be tied to the OAuth grant through which it was
 * given; both tables are append-only like the artefacts. Row locks are taken by functions of the owner, so that the
 * application needs no right to update what it must never change. Uses cannot be deleted either.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, ...GUARDS, ...LOCKS]) await sql.raw(statement).execute(db);
}

const TABLES = [
  // Found by id: a check asks about many at once. `id` begins with the issuer, as names of one mean nothing at another.
  `create table consents.ended_credential (
    entry_id uuid not null default gen_random_uuid(),
    kind text not null check (kind in ('CLIENT', 'KEY', 'GRANT', 'TOKEN')),
    id text collate "C" not null check (length(id) <= 700 and id like '%_|_%'),
    at timestamptz(3) not null,
    actor text not null check (length(actor) between 1 and 200),
    reason text not null check (length(reason) between 1 and 500),
    primary key (id, kind)
  )`,
  `create index ended_credential_newest on consents.ended_credential (at desc, entry_id desc)`,
  `create table consents.consent_grant (
    merchant_id text not null,
    consent_id uuid not null,
    grant_id text collate "C" not null check (length(grant_id) <= 700 and grant_id like '%_|_%'),
    at timestamptz(3) not null,
    primary key (merchant_id, consent_id),
    foreign key (merchant_id, consent_id) references consents.consent
  )`,
  `create index consent_grant_grant on consents.consent_grant (grant_id)`,
  // A check reads kind and instant of every event: with these in the key's index it need not visit the table.
  `alter table consents.consent_event drop constraint consent_event_pkey,
    add primary key (merchant_id, consent_id, seq) include (kind, at)`,
];

const GUARDS = [
  ...["ended_credential", "consent_grant"].map(
    (table) => `create trigger append_only before update or delete or truncate on consents.${table}
      for each statement execute function consents.refuse_change()`,
  ),
  `create trigger keep before delete or truncate on consents.usage
    for each statement execute function consents.refuse_change()`,
];

/** A row lock needs the right to update (PostgreSQL, SELECT: The Locking Clause), which the application shall not have. */
const LOCKS = [
  `alter function consents.guard_event() security definer set search_path = pg_catalog, pg_temp`,
  ...["consent", "request"].map(
    (name) => `create function consents.lock_${name}(merchant text, id uuid) returns boolean
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
        begin
          perform 1 from consents.${name === "consent" ? "consent" : "consent_request"} c
            where c.merchant_id = merchant and c.${name}_id = id for update;
          return found;
        end
      $$`,
  ),
];
