import { type Kysely, sql } from "kysely";

/**
 * The record of inquiries: append only, guarded by the database itself. `entry` is the whole entry; the other columns
 * repeat what it is found by. An inquiry about a merchant that nobody knows stands here like any other.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table inquiries.entry (
    merchant_id text not null,
    inquiry_id uuid not null,
    stage text not null check (stage in ('DECIDED', 'WITHHELD', 'FAILED')),
    party text not null,
    asker text not null,
    decision text not null,
    entry jsonb not null,
    leaf_hash bytea not null check (length(leaf_hash) = 32),
    recorded_at timestamptz(3) not null,
    primary key (merchant_id, inquiry_id, stage)
  )`,
  `create index entry_merchant on inquiries.entry (merchant_id, recorded_at desc, inquiry_id desc) where stage = 'DECIDED'`,
  `create index entry_asker on inquiries.entry (asker, party, recorded_at desc, inquiry_id desc) where stage = 'DECIDED'`,
  `create function inquiries.refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% of %.% is refused: append only', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation';
    end
  $$`,
  `create trigger append_only before update or delete or truncate on inquiries.entry
    for each statement execute function inquiries.refuse_change()`,
];
