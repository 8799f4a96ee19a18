import type { Postgres } from "../../../foundation/postgres.js";
import type { BuyerTrait } from "../../../schema/feeds/records.js";
import type { MonthRange } from "../../../schema/claims.js";
import { isOpenAccount, type OpenAccounts } from "../../host/accounts.js";

/** One merchant, and the accounts and months to read. */
export interface SocialQuestion {
  readonly merchant: string;
  readonly accounts: OpenAccounts;
  readonly window: MonthRange;
}

/** One month of one channel of one seller account. */
export interface SocialMonthRow {
  readonly platform: string;
  readonly seller: string;
  readonly channel: string;
  readonly month: string;
  /** Days with a record. */
  readonly days: number;
  readonly posts: number;
  readonly views: number;
  /** Likes, comments and shares. */
  readonly engagements: number;
  /** On the first and the last day with a record. */
  readonly firstFollowers: number;
  readonly lastFollowers: number;
  /** The month's newest traits, of `traitsDay` (`YYYY-MM-DD`). */
  readonly traits: readonly BuyerTrait[] | null;
  readonly traitsDay: string | null;
}

const READ = `
select (
  select json_agg(json_build_object('platform', m.platform, 'seller', m.seller_id, 'channel', m.channel, 'month', m.month,
    'days', m.days, 'posts', m.posts, 'views', m.views, 'engagements', m.engagements, 'firstFollowers', m.first_followers,
    'lastFollowers', m.last_followers, 'traits', m.traits, 'traitsDay', m.traits_day)
    order by m.platform, m.seller_id, m.channel, m.month)
  from signals.social_month m where m.merchant_id = q.merchant_id and m.month >= q.since and m.month < q.until
    and ${isOpenAccount("q.accounts", "m.platform", "m.seller_id")}
) as months
from unnest($1::text[], $2::text[], $3::text[], $4::jsonb[]) with ordinality
  as q(merchant_id, since, until, accounts, nth)
order by q.nth`;

/** Answers in order, in one statement; rows by platform, seller, channel and month. */
export async function readSocial(
  postgres: Postgres,
  questions: readonly SocialQuestion[],
): Promise<readonly (readonly SocialMonthRow[])[]> {
  const { rows } = await postgres.pool.query<{ months: readonly SocialMonthRow[] | null }>(READ, [
    questions.map(({ merchant }) => merchant),
    questions.map(({ window }) => window.from),
    questions.map(({ window }) => window.until),
    questions.map(({ accounts }) => accounts),
  ]);
  return rows.map(({ months }) => months ?? []);
}
