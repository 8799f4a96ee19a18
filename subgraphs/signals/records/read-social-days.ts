import type { Postgres } from "../../../foundation/postgres.js";
import { isOpenAccount } from "../../host/accounts.js";
import { byQuestion, questionParameters, QUESTIONS, type RecordQuestion } from "./record-questions.js";

/** One day of one channel of one seller account. */
export interface SocialDayRow {
  readonly platform: string;
  readonly seller: string;
  readonly channel: string;
  readonly key: string;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly followers: number;
  readonly posts: number;
  readonly views: number;
  /** Likes, comments and shares. */
  readonly engagements: number;
}

/** Of two records of one day the one with the greater key stands, as in the months. */
const READ = `
select q.nth, f.platform, f.seller_id as seller, f.channel, f.record_key as key, f.day::text, f.followers, f.posts, f.views,
  f.engagements
from ${QUESTIONS} cross join lateral (
  select f.* from (
    select distinct m.platform, m.seller_id, m.channel from signals.social_month m
    where m.merchant_id = q.merchant_id and m.month >= q.since and m.month < q.until
      and ${isOpenAccount("q.accounts", "m.platform", "m.seller_id")}
  ) a cross join lateral (
    select distinct on (f.day) f.* from signals.social_fact f
    where f.merchant_id = q.merchant_id and f.platform = a.platform and f.seller_id = a.seller_id
      and f.channel = a.channel and f.day >= q.first_day and f.day < q.end_day
      and (f.day, f.platform, f.seller_id, f.channel)
        < (least(q.at, q.end_day), coalesce(q.second, ''), coalesce(q.third, ''), coalesce(q.fourth, ''))
    order by f.day desc, f.record_key collate "C" desc limit q.size
  ) f order by f.day desc, f.platform desc, f.seller_id desc, f.channel desc limit q.size
) f order by q.nth, f.day desc, f.platform desc, f.seller_id desc, f.channel desc`;

/** Days of channels, newest first; answers in order, in one statement. Positions are day, platform, seller, channel. */
export async function readSocialDays(
  postgres: Postgres,
  questions: readonly RecordQuestion[],
): Promise<readonly (readonly SocialDayRow[])[]> {
  const { rows } = await postgres.pool.query<SocialDayRow & { nth: number }>(
    READ,
    questionParameters(questions),
  );
  return byQuestion(questions, rows);
}
