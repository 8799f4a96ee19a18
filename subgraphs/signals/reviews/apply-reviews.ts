import type pg from "pg";
import type { FeedChange } from "../../host/feeds/index.js";
import { REPLY_GAMMA } from "./reply-sketch.js";

/** What leaves the rollups (sign -1, the old state) and what enters them (sign 1, the new state). */
const DELTA = `
create temp table if not exists review_delta (merchant_id text, platform text, seller_id text, day date, rating smallint, is_deleted boolean,
  reply_seconds bigint, sign int) on commit drop;
truncate review_delta`;

const LEAVING = (staging: string) => `
insert into review_delta
select f.merchant_id, f.platform, f.seller_id, f.day, f.rating, f.is_deleted, f.reply_seconds, -1
from ${staging} s join signals.review_fact f
  on f.merchant_id = s.merchant_id and f.platform = s.platform and f.review_key = s.record_key`;

const READ_STAGED = (staging: string) => `
select s.merchant_id, s.platform, s.record_key as review_key, r."sellerId" as seller_id,
  (r."createdAt" at time zone coalesce(r.zone, 'Asia/Shanghai'))::date as day, r.rating, r."deletedAt" is not null as is_deleted,
  case when r."repliedAt" is not null then greatest(0, floor(extract(epoch from r."repliedAt" - r."createdAt")))::bigint end
    as reply_seconds
from ${staging} s cross join lateral jsonb_to_record(s.payload)
  as r("sellerId" text, "createdAt" timestamptz, "repliedAt" timestamptz, "deletedAt" timestamptz, zone text, rating smallint)`;

const ENTERING = (staging: string) => `
insert into review_delta
select merchant_id, platform, seller_id, day, rating, is_deleted, reply_seconds, 1 from (${READ_STAGED(staging)}) n`;

const KEEP_FACTS = (staging: string) => `
insert into signals.review_fact (merchant_id, platform, review_key, seller_id, day, rating, is_deleted, reply_seconds)
select merchant_id, platform, review_key, seller_id, day, rating, is_deleted, reply_seconds from (${READ_STAGED(staging)}) n
order by merchant_id, platform, review_key
on conflict (merchant_id, platform, review_key) do update set seller_id = excluded.seller_id, day = excluded.day,
  rating = excluded.rating, is_deleted = excluded.is_deleted, reply_seconds = excluded.reply_seconds`;

const DROP = (table: "review_fact" | "review_text", staging: string) => `
delete from signals.${table} t using ${staging} s
where t.merchant_id = s.merchant_id and t.platform = s.platform and t.review_key = s.record_key`;

const KEEP_TEXTS = (staging: string) => `
insert into signals.review_text (merchant_id, platform, review_key, text)
select merchant_id, platform, record_key, payload ->> 'text' from ${staging} where payload ->> 'text' <> ''
order by merchant_id, platform, record_key`;

const ROLL_DAYS = `
insert into signals.review_daily as d
  (merchant_id, day, platform, seller_id, stars1, stars2, stars3, stars4, stars5, replied, deleted, reply_seconds)
select merchant_id, day, platform, seller_id,
  coalesce(sum(sign) filter (where rating = 1), 0), coalesce(sum(sign) filter (where rating = 2), 0),
  coalesce(sum(sign) filter (where rating = 3), 0), coalesce(sum(sign) filter (where rating = 4), 0),
  coalesce(sum(sign) filter (where rating = 5), 0), coalesce(sum(sign) filter (where reply_seconds is not null), 0),
  coalesce(sum(sign) filter (where is_deleted), 0), coalesce(sum(sign * reply_seconds), 0)
from review_delta group by merchant_id, day, platform, seller_id order by merchant_id, day, platform, seller_id
on conflict (merchant_id, day, platform, seller_id) do update set
  stars1 = d.stars1 + excluded.stars1, stars2 = d.stars2 + excluded.stars2, stars3 = d.stars3 + excluded.stars3,
  stars4 = d.stars4 + excluded.stars4, stars5 = d.stars5 + excluded.stars5, replied = d.replied + excluded.replied,
  deleted = d.deleted + excluded.deleted, reply_seconds = d.reply_seconds + excluded.reply_seconds`;

const SWEEP_DAYS = `
delete from signals.review_daily d
using (select distinct merchant_id, day, platform, seller_id from review_delta where sign < 0) x
where d.merchant_id = x.merchant_id and d.day = x.day and d.platform = x.platform and d.seller_id = x.seller_id
  and d.stars1 + d.stars2 + d.stars3 + d.stars4 + d.stars5 = 0`;

/** The bucket of a reply time: see `reply-sketch.ts`. */
const ROLL_REPLIES = `
insert into signals.review_reply_sketch as k (merchant_id, month, platform, seller_id, bucket, count)
select merchant_id, to_char(day, 'YYYY-MM'), platform, seller_id,
  ceil(ln(greatest(reply_seconds, 1)::float8) / ln(${REPLY_GAMMA}::float8))::int, sum(sign)
from review_delta where reply_seconds is not null group by 1, 2, 3, 4, 5 having sum(sign) <> 0 order by 1, 2, 3, 4, 5
on conflict (merchant_id, month, platform, seller_id, bucket) do update set count = k.count + excluded.count`;

const SWEEP_REPLIES = `
delete from signals.review_reply_sketch k
using (select distinct merchant_id, platform, seller_id from review_delta where sign < 0) x
where k.merchant_id = x.merchant_id and k.platform = x.platform and k.seller_id = x.seller_id and k.count = 0`;

/** A platform's prior counts merchants exactly: one enters with its first review and leaves with its last. */
const ROLL_PRIORS = `
with delta as (
  select merchant_id, platform, sum(sign) as reviews, sum(sign * rating) as stars from review_delta group by 1, 2
), kept as (
  insert into signals.review_total as t select merchant_id, platform, reviews from delta order by merchant_id, platform
  on conflict (merchant_id, platform) do update set reviews = t.reviews + excluded.reviews
  returning merchant_id, platform, reviews
)
insert into signals.review_prior as p
select platform, sum((kept.reviews > 0)::int - (kept.reviews - delta.reviews > 0)::int), sum(delta.reviews), sum(delta.stars)
from delta join kept using (merchant_id, platform) group by platform
on conflict (platform) do update set merchants = p.merchants + excluded.merchants, reviews = p.reviews + excluded.reviews,
  stars = p.stars + excluded.stars`;

/** Brings facts, texts and rollups to the staged state of each review, whatever state they had before. */
export async function applyReviews(client: pg.PoolClient, { stagingTable }: FeedChange): Promise<void> {
  await client.query(DELTA);
  await client.query(LEAVING(stagingTable));
  await client.query(ENTERING(stagingTable));
  await client.query(KEEP_FACTS(stagingTable));
  await client.query(DROP("review_text", stagingTable));
  await client.query(KEEP_TEXTS(stagingTable));
  await roll(client);
}

/** Takes the staged reviews out of this merchant's facts, texts and rollups. */
export async function withdrawReviews(client: pg.PoolClient, { stagingTable }: FeedChange): Promise<void> {
  await client.query(DELTA);
  await client.query(LEAVING(stagingTable));
  await client.query(DROP("review_fact", stagingTable));
  await client.query(DROP("review_text", stagingTable));
  await roll(client);
}

async function roll(client: pg.PoolClient): Promise<void> {
  await client.query("analyze review_delta");
  await client.query(ROLL_DAYS);
  await client.query(SWEEP_DAYS);
  await client.query(ROLL_REPLIES);
  await client.query(SWEEP_REPLIES);
  await client.query(ROLL_PRIORS);
}
