import type pg from "pg";
import type { FeedChange } from "../../host/feeds/index.js";

/** The months of a channel that a batch touches: where its records were, and where they are now. */
const TOUCHED = `
create temp table if not exists social_touched (merchant_id text, platform text, seller_id text, channel text, month date)
  on commit drop;
truncate social_touched`;

const TOUCH = (staging: string) => `
insert into social_touched
select distinct f.merchant_id, f.platform, f.seller_id, f.channel, date_trunc('month', f.day)::date
from ${staging} s join signals.social_fact f
  on f.merchant_id = s.merchant_id and f.platform = s.platform and f.record_key = s.record_key`;

const KEEP_FACTS = (staging: string) => `
insert into signals.social_fact
  (merchant_id, platform, record_key, seller_id, channel, day, followers, posts, views, engagements, traits)
select s.merchant_id, s.platform, s.record_key, r."sellerId", r.channel, r.date, r.followers, coalesce(r.posts, 0),
  coalesce(r.views, 0), coalesce(r.likes, 0) + coalesce(r.comments, 0) + coalesce(r.shares, 0), r."buyerTraits"
from ${staging} s cross join lateral jsonb_to_record(s.payload)
  as r("sellerId" text, channel text, date date, followers bigint, posts bigint, views bigint, likes bigint, comments bigint,
    shares bigint, "buyerTraits" jsonb)
order by s.merchant_id, s.platform, s.record_key
on conflict (merchant_id, platform, record_key) do update set seller_id = excluded.seller_id, channel = excluded.channel,
  day = excluded.day, followers = excluded.followers, posts = excluded.posts, views = excluded.views,
  engagements = excluded.engagements, traits = excluded.traits`;

const DROP_FACTS = (staging: string) => `
delete from signals.social_fact f using ${staging} s
where f.merchant_id = s.merchant_id and f.platform = s.platform and f.record_key = s.record_key`;

const CLEAR_MONTHS = `
delete from signals.social_month m using (select distinct * from social_touched) t
where m.merchant_id = t.merchant_id and m.platform = t.platform and m.seller_id = t.seller_id and m.channel = t.channel
  and m.month = to_char(t.month, 'YYYY-MM')`;

/**
 * A touched month is summed again from its days, at most 31 a channel. Of two records of one day the one with the greater
 * key stands, so that the order of arrival does not matter.
 */
const ROLL_MONTHS = `
insert into signals.social_month (merchant_id, month, platform, seller_id, channel, days, posts, views, engagements,
  first_followers, last_followers, last_day, traits, traits_day)
select merchant_id, to_char(day, 'YYYY-MM'), platform, seller_id, channel, count(*), sum(posts), sum(views), sum(engagements),
  (array_agg(followers order by day))[1], (array_agg(followers order by day desc))[1], max(day),
  (array_agg(traits order by day desc) filter (where traits is not null))[1], max(day) filter (where traits is not null)
from (
  select distinct on (f.merchant_id, f.platform, f.seller_id, f.channel, f.day) f.*
  from (select distinct * from social_touched) t join signals.social_fact f
    on f.merchant_id = t.merchant_id and f.platform = t.platform and f.seller_id = t.seller_id and f.channel = t.channel
    and f.day >= t.month and f.day < (t.month + interval '1 month')::date
  order by f.merchant_id, f.platform, f.seller_id, f.channel, f.day, f.record_key collate "C" desc
) d
group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`;

/** Brings facts and months to the staged state of each record, whatever state they had before. */
export async function applySocial(client: pg.PoolClient, { stagingTable }: FeedChange): Promise<void> {
  await client.query(TOUCHED);
  await client.query(TOUCH(stagingTable));
  await client.query(KEEP_FACTS(stagingTable));
  await client.query(TOUCH(stagingTable));
  await roll(client);
}

/** Takes the staged records out of this merchant's facts and months. */
export async function withdrawSocial(client: pg.PoolClient, { stagingTable }: FeedChange): Promise<void> {
  await client.query(TOUCHED);
  await client.query(TOUCH(stagingTable));
  await client.query(DROP_FACTS(stagingTable));
  await roll(client);
}

async function roll(client: pg.PoolClient): Promise<void> {
  await client.query("analyze social_touched");
  await client.query(CLEAR_MONTHS);
  await client.query(ROLL_MONTHS);
}
