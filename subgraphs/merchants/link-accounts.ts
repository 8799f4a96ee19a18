import type pg from "pg";
import type { FeedKind } from "../../schema/feeds/kinds.js";
import type { AccountRecord, FeedRecord, LinkEvidence } from "../../schema/feeds/records.js";
import type { FeedChange, FeedDefect, FeedOwner } from "../host/feeds/index.js";

/** How far each kind of evidence carries a link, 1 to 10; a link has the confidence of its best. */
export const EVIDENCE_CONFIDENCE: Readonly<Record<LinkEvidence, number>> = {
  PLATFORM_ATTESTATION: 10,
  LICENCE: 9,
  PAYOUT_NAME: 7,
  REGISTRY: 6,
  DOMAIN: 4,
  NAME_ONLY: 1,
};

/** Below this a link is kept but joins nothing: a name alone never identifies a merchant. */
export const JOIN_CONFIDENCE_MIN = 2;

// Versions of one merchant in a row are corrections of one link, so only the last of the row counts. A version for
// another merchant is a transfer: it ends what came before at its own start, which leaves nothing where it starts
// no later.
const DERIVE_LINKS = `
insert into merchants.account_link (merchant_id, platform, record_key, valid_from, valid_to, seller_id, role,
  platform_kind, legal_name, region, category, opened_at, confidence, received_at)
with versions as (
  select r.merchant_id, r.platform, r.record_key, r.version, r.payload, r.received_at,
    lead(r.merchant_id) over (partition by r.record_key order by r.version) as next_merchant
  from feed_change_table c join merchants.feed_record r
    on r.platform = c.platform and r.kind = c.kind and r.record_key = c.record_key and r.payload is not null
), spans as (
  select *, coalesce(payload->>'validFrom', payload->>'openedAt')::timestamptz as valid_from,
    (payload->>'validTo')::timestamptz as valid_to
  from versions where next_merchant is distinct from merchant_id
), links as (
  select merchant_id, platform, record_key, payload, received_at, valid_from, least(valid_to, min(valid_from) over (
    partition by record_key order by version rows between 1 following and unbounded following)) as valid_to
  from spans
)
select merchant_id, platform, record_key, valid_from, valid_to, payload->>'sellerId',
  coalesce(payload->>'role', 'OWNER'), coalesce(payload->>'platformKind', 'MARKETPLACE'),
  payload->>'legalName', payload->>'region', payload->>'category',
  (payload->>'openedAt')::timestamptz,
  (select max(known.confidence) from unnest($1::text[], $2::int[]) as known (evidence, confidence)
    where coalesce(payload->'evidence', '["PLATFORM_ATTESTATION"]'::jsonb) ? known.evidence), received_at
from links where valid_to is null or valid_from < valid_to
order by merchant_id, platform, record_key`;

/** Keeps the dated links between seller accounts and merchants in step with the account records. */
export const accountOwner: FeedOwner = {
  kinds: ["account"],
  inspect: inspectAccount,
  apply: async (client: pg.PoolClient, { stagingTable }: FeedChange) => {
    await client.query(`delete from merchants.account_link l using ${stagingTable} c
      where l.platform = c.platform and l.record_key = c.record_key`);
    await client.query(DERIVE_LINKS.replace("feed_change_table", stagingTable), [
      Object.keys(EVIDENCE_CONFIDENCE),
      Object.values(EVIDENCE_CONFIDENCE),
    ]);
  },
  // What an account record leaves behind is a transfer or a mistake; `apply` derives both from all versions of the
  // record.
  withdraw: async () => {},
};

function inspectAccount(_kind: FeedKind, record: FeedRecord): FeedDefect | undefined {
  const { openedAt, validFrom = openedAt, validTo } = record as AccountRecord;
  if (validTo === undefined || Date.parse(validTo) > Date.parse(validFrom)) return undefined;
  return { pointer: "/validTo", message: "The link must end after it starts (validFrom, or openedAt)." };
}
