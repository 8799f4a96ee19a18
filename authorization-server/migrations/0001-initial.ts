import { type Kysely, sql } from "kysely";

/**
 * What an authorization server must remember. `authorization` is a reserved word of SQL, so the schema is quoted. What is
 * over is over: a client that was ended and a thing that was used up never come back, whatever the application does.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, ...GUARDS]) await sql.raw(statement).execute(db);
}

const TABLES = [
  // Sessions, codes, grants, tokens: whatever the protocol keeps for a while. Ids that open something are hashed.
  // json and not jsonb: a request's parameters are kept as they came, U+0000 included.
  `create table "authorization".model_state (
    model text not null,
    id text not null,
    payload json not null,
    grant_id text,
    client_id text,
    account_id text,
    uid text,
    consumed_at timestamptz(3),
    expires_at timestamptz(3) not null,
    primary key (model, id)
  )`,
  `create index model_state_grant on "authorization".model_state (grant_id, model) where grant_id is not null`,
  `create index model_state_client on "authorization".model_state (client_id) where client_id is not null`,
  `create index model_state_account on "authorization".model_state (account_id) where account_id is not null`,
  `create index model_state_uid on "authorization".model_state (model, uid) where uid is not null`,
  `create index model_state_expiry on "authorization".model_state (expires_at)`,
  // Identifiers that may be used once (RFC 7523 section 3, RFC 9449 section 11.1), by hash.
  `create table "authorization".used_once (
    id text primary key,
    expires_at timestamptz(3) not null
  )`,
  `create index used_once_expiry on "authorization".used_once (expires_at)`,
  `create table "authorization".client (
    client_id text primary key,
    party text not null check (party in ('bank', 'merchant', 'platform', 'officer')),
    party_id text not null,
    name text not null,
    metadata json not null,
    created_at timestamptz(3) not null,
    ended_at timestamptz(3)
  )`,
  `create index client_party on "authorization".client (party, party_id)`,
  `create table "authorization".account (
    account_id uuid primary key,
    login text not null unique,
    merchant_id text not null,
    name text not null,
    password_hash text not null,
    created_at timestamptz(3) not null,
    ended_at timestamptz(3)
  )`,
  `create index account_merchant on "authorization".account (merchant_id)`,
  // One row a login name that failed lately, known or not; `login` is a hash.
  `create table "authorization".login_failure (
    login text primary key,
    failures int not null check (failures >= 1),
    blocked_until timestamptz(3) not null,
    expires_at timestamptz(3) not null
  )`,
  `create index login_failure_expiry on "authorization".login_failure (expires_at)`,
  // A bank's backchannel request, and the request for consent whose state is its own.
  `create table "authorization".backchannel (
    id text primary key,
    client_id text not null,
    merchant_id text not null,
    request_id uuid not null,
    binding_message text,
    interval_seconds int not null,
    polled_at timestamptz(3),
    expires_at timestamptz(3) not null
  )`,
  `create index backchannel_request on "authorization".backchannel (request_id)`,
  `create index backchannel_expiry on "authorization".backchannel (expires_at)`,
];

const GUARDS = [
  // Named like the guards of the other schemas: the application's role is not even given the rights that it refuses.
  `create function "authorization".refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% of %.% is refused: ended is ended', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation';
    end
  $$`,
  `create function "authorization".refuse_return() returns trigger language plpgsql as $$
    begin
      if old.ended_at is not null then
        raise exception 'it was ended' using errcode = 'restrict_violation';
      end if;
      return new;
    end
  $$`,
  ...["client", "account"].flatMap((table) => [
    `create trigger never_removed before delete or truncate on "authorization".${table}
      for each statement execute function "authorization".refuse_change()`,
    `create trigger forward_only before update on "authorization".${table}
      for each row execute function "authorization".refuse_return()`,
  ]),
  `create function "authorization".keep_consumed() returns trigger language plpgsql as $$
    begin
      new.consumed_at := coalesce(old.consumed_at, new.consumed_at);
      return new;
    end
  $$`,
  `create trigger keep_consumed before update on "authorization".model_state
    for each row execute function "authorization".keep_consumed()`,
];
