import { type Kysely, sql } from "kysely";

/**
 * The migration piece of a subgraph that owns feeds: `await feedTables("transactions")(db)`.
 *
 * `feed_record` holds every version of every record, as published, and is append-only: a trigger refuses the rest.
 * `version` counts per (platform, kind, record_key) across merchants. A null payload says that the record left this
 * merchant for another with that version. The second index finds the newest version of a record whoever has it:
 * batch work, and the only read that is not by merchant. Keys are compared as bytes ("C"), which is faster and
 * knows no locale.
 */
export function feedTables(schema: string): (db: Kysely<unknown>) => Promise<void> {
  return async (db) => {
    const at = (name: string) => sql.id(schema, name);
    await sql`create table ${at("feed_batch")} (
      batch_id uuid primary key,
      platform text not null,
      kind text not null,
      idempotency_key text not null,
      body_sha256 bytea not null,
      received_at timestamptz not null,
      report jsonb not null,
      unique (platform, kind, idempotency_key)
    )`.execute(db);
    await sql`create table ${at("feed_record")} (
      merchant_id text collate "C" not null,
      platform text collate "C" not null,
      kind text collate "C" not null,
      record_key text collate "C" not null,
      version int not null,
      content_sha256 bytea not null,
      payload jsonb,
      batch_id uuid not null,
      received_at timestamptz not null,
      line int not null,
      primary key (merchant_id, platform, kind, record_key, version)
    )`.execute(db);
    await sql`create index feed_record_newest
      on ${at("feed_record")} (record_key, platform, kind, version desc)`.execute(db);
    await sql`create function ${at("refuse_change")}() returns trigger language plpgsql as $$
      begin raise exception 'feed records are append-only' using errcode = 'restrict_violation'; end $$`.execute(
      db,
    );
    await sql`create trigger feed_record_append_only before update or delete or truncate on ${at("feed_record")}
      for each statement execute function ${at("refuse_change")}()`.execute(db);
  };
}
