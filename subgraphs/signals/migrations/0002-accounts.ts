import { randomBytes } from "node:crypto";
import { type Kysely, sql } from "kysely";

/**
 * Reviews by seller account, and what single records are read by. Social facts name their seller already.
 *
 * The statements are those of this version and stay so. The rollups are computed anew from the facts, since what is known by
 * platform alone cannot be told apart by seller. Batches wait meanwhile; one of an older program fails afterwards and is
 * published again.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // A batch reads the facts before it writes anything else, so that none is half way when the tables change.
  await sql`lock table signals.review_fact in access exclusive mode`.execute(db);
  for (const statement of [...FACTS, ...ROLLUPS]) await sql.raw(statement).execute(db);
  // One row: what record ids and cursors are made with. It is as secret as the rows beside it, and moves with them.
  await sql`create table signals.record_secret (secret bytea not null)`.execute(db);
  await sql`insert into signals.record_secret (secret) values (${randomBytes(32)})`.execute(db);
}

const FACTS = [
  "alter table signals.review_fact add column seller_id text",
  `update signals.review_fact f set seller_id = r.seller_id from (
    select distinct on (merchant_id, platform, record_key) merchant_id, platform, record_key, payload->>'sellerId' as seller_id
    from signals.feed_record where kind = 'review' and payload is not null
    order by merchant_id, platform, record_key, version desc
  ) r where r.merchant_id = f.merchant_id and r.platform = f.platform and r.record_key = f.review_key`,
  "alter table signals.review_fact alter column seller_id set not null",
  // Reviews are listed by account, newest first.
  "create index review_fact_listed on signals.review_fact (merchant_id, platform, seller_id, day, review_key)",
];

const count = (condition: string) => `count(*) filter (where ${condition})`;

const ROLLUPS = [
  "truncate signals.review_daily, signals.review_reply_sketch",
  `alter table signals.review_daily drop constraint review_daily_pkey, add column seller_id text not null,
    add primary key (merchant_id, day, platform, seller_id)`,
  `alter table signals.review_reply_sketch drop constraint review_reply_sketch_pkey, add column seller_id text not null,
    add primary key (merchant_id, month, platform, seller_id, bucket)`,
  `insert into signals.review_daily (merchant_id, day, platform, seller_id, stars1, stars2, stars3, stars4, stars5, replied,
      deleted, reply_seconds)
    select merchant_id, day, platform, seller_id, ${count("rating = 1")}, ${count("rating = 2")}, ${count("rating = 3")},
      ${count("rating = 4")}, ${count("rating = 5")}, count(reply_seconds), ${count("is_deleted")},
      coalesce(sum(reply_seconds), 0)
    from signals.review_fact group by merchant_id, day, platform, seller_id`,
  `insert into signals.review_reply_sketch (merchant_id, month, platform, seller_id, bucket, count)
    select merchant_id, to_char(day, 'YYYY-MM'), platform, seller_id,
      ceil(ln(greatest(reply_seconds, 1)::float8) / ln(1.02::float8))::int, count(*)
    from signals.review_fact where reply_seconds is not null group by 1, 2, 3, 4, 5`,
];
