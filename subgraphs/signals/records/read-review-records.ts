import type { Postgres } from "../../../foundation/postgres.js";
import { isOpenAccount } from "../../host/accounts.js";
import { byQuestion, questionParameters, QUESTIONS, type RecordQuestion } from "./record-questions.js";

/** One review; its text is kept apart and never here. */
export interface ReviewRow {
  readonly platform: string;
  readonly key: string;
  /** `YYYY-MM-DD`, in the record's zone. */
  readonly day: string;
  readonly rating: number;
  readonly isReplied: boolean;
  readonly isDeleted: boolean;
}

/** A page is put together from the newest reviews of each open account, so that what others hold costs nothing. */
const READ = `
select q.nth, f.platform, f.review_key as key, f.day::text, f.rating, f.reply_seconds is not null as "isReplied",
  f.is_deleted as "isDeleted"
from ${QUESTIONS} cross join lateral (
  select f.* from (
    select distinct d.platform, d.seller_id from signals.review_daily d
    where d.merchant_id = q.merchant_id and d.day >= q.first_day and d.day < q.end_day
      and ${isOpenAccount("q.accounts", "d.platform", "d.seller_id")}
  ) a cross join lateral (
    select f.* from signals.review_fact f
    where f.merchant_id = q.merchant_id and f.platform = a.platform and f.seller_id = a.seller_id
      and f.day >= q.first_day and f.day < q.end_day and (f.day, f.review_key, f.platform)
        < (least(q.at, q.end_day), coalesce(q.second, ''), coalesce(q.third, ''))
    order by f.day desc, f.review_key desc limit q.size
  ) f order by f.day desc, f.review_key desc, f.platform desc limit q.size
) f order by q.nth, f.day desc, f.review_key desc, f.platform desc`;

/** Reviews, newest first; answers in order, in one statement. Positions are day, key, platform. */
export async function readReviewRecords(
  postgres: Postgres,
  questions: readonly RecordQuestion[],
): Promise<readonly (readonly ReviewRow[])[]> {
  const { rows } = await postgres.pool.query<ReviewRow & { nth: number }>(
    READ,
    questionParameters(questions),
  );
  return byQuestion(questions, rows);
}
