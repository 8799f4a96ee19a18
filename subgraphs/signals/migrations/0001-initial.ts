import { type Kysely, sql } from "kysely";
import { feedTables } from "../../host/feeds/index.js";

/**
 * Facts hold the newest state of each record; rollups are kept with them, in the same transaction. Days and months are local
 * to the record's zone. `review_prior` is the one table that is not by merchant: a row a platform, a reference table.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await feedTables("signals")(db);
  await reviewTables(db);
  await socialTables(db);
}

async function reviewTables(db: Kysely<unknown>): Promise<void> {
  await sql`create table signals.review_fact (
    merchant_id text not null,
    platform text not null,
    review_key text not null,
    day date not null,
    rating smallint not null check (rating between 1 and 5),
    is_deleted boolean not null,
    reply_seconds bigint check (reply_seconds >= 0),
    primary key (merchant_id, platform, review_key)
  )`.execute(db);
  await sql`create table signals.review_text (
    merchant_id text not null,
    platform text not null,
    review_key text not null,
    text text not null,
    primary key (merchant_id, platform, review_key)
  )`.execute(db);
  await sql`create table signals.review_daily (
    merchant_id text not null,
    day date not null,
    platform text not null,
    stars1 int not null,
    stars2 int not null,
    stars3 int not null,
    stars4 int not null,
    stars5 int not null,
    replied int not null,
    deleted int not null,
    reply_seconds bigint not null,
    primary key (merchant_id, day, platform)
  )`.execute(db);
  await sql`create table signals.review_reply_sketch (
    merchant_id text not null,
    month text collate "C" not null,
    platform text not null,
    bucket int not null,
    count int not null,
    primary key (merchant_id, month, platform, bucket)
  )`.execute(db);
  await sql`create table signals.review_total (
    merchant_id text not null,
    platform text not null,
    reviews bigint not null,
    primary key (merchant_id, platform)
  )`.execute(db);
  await sql`create table signals.review_prior (
    platform text primary key,
    merchants bigint not null,
    reviews bigint not null,
    stars bigint not null
  )`.execute(db);
}

async function socialTables(db: Kysely<unknown>): Promise<void> {
  await sql`create table signals.social_fact (
    merchant_id text not null,
    platform text not null,
    record_key text not null,
    seller_id text not null,
    channel text not null,
    day date not null,
    followers bigint not null,
    posts bigint not null,
    views bigint not null,
    engagements bigint not null,
    traits jsonb,
    primary key (merchant_id, platform, record_key)
  )`.execute(db);
  await sql`create index social_fact_day on signals.social_fact (merchant_id, platform, seller_id, channel, day)`.execute(
    db,
  );
  await sql`create table signals.social_month (
    merchant_id text not null,
    month text collate "C" not null,
    platform text not null,
    seller_id text not null,
    channel text not null,
    days int not null,
    posts numeric not null,
    views numeric not null,
    engagements numeric not null,
    first_followers bigint not null,
    last_followers bigint not null,
    last_day date not null,
    traits jsonb,
    traits_day date,
    primary key (merchant_id, month, platform, seller_id, channel)
  )`.execute(db);
}
