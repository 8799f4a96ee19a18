import { type Kysely, sql } from "kysely";
import { feedTables } from "../../host/feeds/index.js";

/**
 * `account_link` is derived from `feed_record`, one row per span of time in which a seller account belonged to a
 * merchant. It is small and found by seller account as well as by merchant: on a distributed PostgreSQL it is a
 * reference table. `valid_to` is exclusive, null is open-ended; `confidence` is 1 to 10, where 1 (name only) never
 * joins.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await feedTables("merchants")(db);
  await sql`create table merchants.account_link (
    merchant_id text not null,
    platform text not null,
    record_key text not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    seller_id text not null,
    role text not null,
    platform_kind text not null,
    legal_name text not null,
    region text,
    category text,
    opened_at timestamptz not null,
    confidence int not null check (confidence between 1 and 10),
    received_at timestamptz not null,
    primary key (merchant_id, platform, record_key, valid_from),
    check (valid_to is null or valid_from < valid_to)
  )`.execute(db);
  await sql`create index account_link_seller on merchants.account_link (platform, seller_id)`.execute(db);
  await sql`create index account_link_record on merchants.account_link (platform, record_key)`.execute(db);
}
