import type { Postgres } from "../../../foundation/postgres.js";
import type { MonthRange } from "../../../schema/claims.js";
import { isOpenAccount, type OpenAccounts } from "../../host/accounts.js";
import type { ReplyBucket } from "./reply-sketch.js";
import type { PlatformPrior } from "./review-score.js";
import type { ReviewWeek } from "./review-trend.js";

/** One merchant, the accounts and months to read, and the first day of the trend (`YYYY-MM-DD`). */
export interface ReviewQuestion {
  readonly merchant: string;
  readonly accounts: OpenAccounts;
  readonly window: MonthRange;
  readonly trendFrom: string;
}

/** Sums of one platform and month. */
export interface ReviewMonthRow {
  readonly platform: string;
  readonly month: string;
  readonly stars1: number;
  readonly stars2: number;
  readonly stars3: number;
  readonly stars4: number;
  readonly stars5: number;
  readonly replied: number;
  readonly deleted: number;
}

/** All that the rollups say about one question. */
export interface ReviewRollup {
  readonly months: readonly ReviewMonthRow[];
  readonly weeks: readonly ReviewWeek[];
  readonly replies: readonly ReplyBucket[];
  /** Of the platforms in `months`, and perhaps more. */
  readonly priors: readonly PlatformPrior[];
}

/** One statement, so that all parts of an answer are of one moment. */
const READ = `
with q as (
  select nth, merchant_id, accounts, since, until, (since || '-01')::date as first_day, (until || '-01')::date as end_day, trend_from
  from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::jsonb[]) with ordinality
    as q(merchant_id, since, until, trend_from, accounts, nth)
), daily as (
  select q.nth, q.trend_from, d.* from q join signals.review_daily d
    on d.merchant_id = q.merchant_id and d.day >= q.first_day and d.day < q.end_day
      and ${isOpenAccount("q.accounts", "d.platform", "d.seller_id")}
), months as (
  select nth, platform, to_char(day, 'YYYY-MM') as month, sum(stars1) as stars1, sum(stars2) as stars2, sum(stars3) as stars3,
    sum(stars4) as stars4, sum(stars5) as stars5, sum(replied) as replied, sum(deleted) as deleted
  from daily group by 1, 2, 3
), weeks as (
  select nth, floor((day - date '1970-01-05') / 7.0)::int as week, sum(stars1 + stars2 + stars3 + stars4 + stars5) as reviews,
    sum(stars1 + 2 * stars2 + 3 * stars3 + 4 * stars4 + 5 * stars5) as stars
  from daily where day >= trend_from group by 1, 2
), replies as (
  select q.nth, k.bucket, sum(k.count) as count from q join signals.review_reply_sketch k
    on k.merchant_id = q.merchant_id and k.month >= q.since and k.month < q.until
      and ${isOpenAccount("q.accounts", "k.platform", "k.seller_id")}
  group by 1, 2
)
select m.rows as months, w.rows as weeks, r.rows as replies,
  (select json_agg(p) from signals.review_prior p where p.platform in (select platform from months)) as priors
from q
  left join (select nth, json_agg(x order by platform, month) as rows from months x group by nth) m using (nth)
  left join (select nth, json_agg(x order by week) as rows from weeks x group by nth) w using (nth)
  left join (select nth, json_agg(x order by bucket) as rows from replies x group by nth) r using (nth)
order by nth`;

/** Answers in order; costs by months and platforms, not by reviews. */
export async function readReviews(
  postgres: Postgres,
  questions: readonly ReviewQuestion[],
): Promise<readonly ReviewRollup[]> {
  const { rows } = await postgres.pool.query<{ [K in keyof ReviewRollup]: ReviewRollup[K] | null }>(READ, [
    questions.map(({ merchant }) => merchant),
    questions.map(({ window }) => window.from),
    questions.map(({ window }) => window.until),
    questions.map(({ trendFrom }) => trendFrom),
    questions.map(({ accounts }) => accounts),
  ]);
  return rows.map(({ months, weeks, replies, priors }) => ({
    months: months ?? [],
    weeks: weeks ?? [],
    replies: replies ?? [],
    priors: priors ?? [],
  }));
}
