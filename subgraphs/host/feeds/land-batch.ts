import type pg from "pg";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { FeedOwner } from "./feed-owner.js";

/** What is landed, and where. */
export interface Landing {
  /** The PostgreSQL schema of the owner; a plain name from our own source, never from a request. */
  readonly schema: string;
  readonly owner: FeedOwner;
  readonly platform: string;
  readonly kind: FeedKind;
  readonly batchId: string;
  readonly receivedAt: Date;
}

/** How the staged records were judged. */
export interface LandedCounts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly corrected: number;
}

/** Fields that the raw record is stored without; the owner keeps them apart. Plain names. */
const KEPT_APART: Partial<Record<FeedKind, readonly string[]>> = { review: ["text"] };

const ATTEMPTS_MAX = 4;
const DEADLOCK_CODES: readonly unknown[] = ["40P01", "40001"];

const TABLES = `
create temp table feed_verdict (line int, merchant_id text collate "C", record_key text collate "C", sha bytea,
  version int, verdict text, newest boolean, was_merchant text collate "C", first_merchant text collate "C",
  first_version int)
  on commit drop;
create temp table feed_change (merchant_id text, platform text, kind text, record_key text, payload jsonb,
  changed boolean) on commit drop;
create temp table feed_departure (like feed_change) on commit drop;
analyze feed_line;`;

/**
 * Each line is compared with the state before it: the line before it with the same key in the batch or, for the
 * first, the newest stored version, whichever merchant has it. Same content and same merchant is a duplicate;
 * anything else is the next version. Content is compared as jsonb prints it, so neither the order of fields nor
 * blanks matter.
 */
function judgeLines(schema: string): string {
  return `
insert into feed_verdict
with placed as (
  select line, merchant_id, record_key, sha256(convert_to(payload::text, 'UTF8')) as sha,
    row_number() over w as nth, lead(line) over w is null as newest
  from feed_line window w as (partition by record_key order by line)
), known as (
  select p.*, k.version as known_version, k.merchant_id as known_merchant,
    coalesce(lag(p.merchant_id) over w, k.merchant_id) as was_merchant,
    coalesce(lag(p.sha) over w, k.content_sha256) as was_sha
  from placed p left join lateral (
    select r.version, r.merchant_id, r.content_sha256 from ${schema}.feed_record r
    where p.nth = 1 and r.platform = $1 and r.kind = $2 and r.record_key = p.record_key and r.payload is not null
    order by r.version desc limit 1
  ) k on true
  window w as (partition by p.record_key order by p.line)
), judged as (
  select *, case when was_sha is null then 'accepted'
    when was_sha = sha and was_merchant = merchant_id then 'duplicate' else 'corrected' end as verdict
  from known
)
select line, merchant_id, record_key, sha,
  coalesce(first_value(known_version) over w, 0) + count(*) filter (where verdict <> 'duplicate') over w,
  verdict, newest, was_merchant, first_value(known_merchant) over w, coalesce(first_value(known_version) over w, 0)
from judged window w as (partition by record_key order by line)`;
}

/** Every new version, and for each that changed hands a version without content where it was before. */
function keepVersions(schema: string, kind: FeedKind): string {
  const apart = (KEPT_APART[kind] ?? []).map((field) => ` - '${field}'`).join("");
  return `
insert into ${schema}.feed_record
  (merchant_id, platform, kind, record_key, version, content_sha256, payload, batch_id, received_at, line)
select v.merchant_id, $1, $2, v.record_key, v.version, v.sha, l.payload${apart}, $3::uuid, $4::timestamptz, v.line
from feed_verdict v join feed_line l using (line) where v.verdict <> 'duplicate'
union all
select v.was_merchant, $1, $2, v.record_key, v.version, v.sha, null, $3::uuid, $4::timestamptz, v.line
from feed_verdict v where v.verdict = 'corrected' and v.was_merchant <> v.merchant_id
`;
}

const STAGE_CHANGES = `
insert into feed_change
select v.merchant_id, $1, $2, v.record_key, l.payload, v.first_merchant is not distinct from v.merchant_id
from feed_verdict v join feed_line l using (line)
where v.newest and v.version > v.first_version order by v.merchant_id, v.record_key`;

const STAGE_DEPARTURES = `
insert into feed_departure
select v.first_merchant, $1, $2, v.record_key, null, true from feed_verdict v
where v.newest and v.version > v.first_version and v.first_merchant <> v.merchant_id
order by v.first_merchant, v.record_key`;

/**
 * Judges the staged lines, keeps the new versions and hands the changes to the owner, in the caller's transaction.
 * A deadlock with a loader of another kind is undone to a savepoint and tried again, since the body cannot be read
 * twice.
 */
export async function landBatch(client: pg.PoolClient, landing: Landing): Promise<LandedCounts> {
  await client.query("savepoint landing");
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await landOnce(client, landing);
    } catch (error) {
      const again = DEADLOCK_CODES.includes((error as { code?: unknown }).code) && attempt < ATTEMPTS_MAX;
      if (!again) throw error;
      await client.query("rollback to savepoint landing");
    }
  }
}

async function landOnce(client: pg.PoolClient, landing: Landing): Promise<LandedCounts> {
  const { schema, owner, platform, kind, batchId, receivedAt } = landing;
  await client.query(TABLES);
  await client.query(judgeLines(schema), [platform, kind]);
  await client.query("analyze feed_verdict");
  await client.query(keepVersions(schema, kind), [platform, kind, batchId, receivedAt]);
  const departures = await client.query(STAGE_DEPARTURES, [platform, kind]);
  const changes = await client.query(STAGE_CHANGES, [platform, kind]);
  const change = { kind, platform, batchId };
  if ((departures.rowCount ?? 0) > 0)
    await owner.withdraw(client, { ...change, stagingTable: "feed_departure" });
  if ((changes.rowCount ?? 0) > 0) {
    await client.query("analyze feed_change");
    await owner.apply(client, { ...change, stagingTable: "feed_change" });
  }
  return countVerdicts(client);
}

async function countVerdicts(client: pg.PoolClient): Promise<LandedCounts> {
  const { rows } = await client.query<{ verdict: keyof LandedCounts; count: number }>(
    "select verdict, count(*) as count from feed_verdict group by verdict",
  );
  const counts = { accepted: 0, duplicate: 0, corrected: 0 };
  for (const { verdict, count } of rows) counts[verdict] = count;
  return counts;
}
