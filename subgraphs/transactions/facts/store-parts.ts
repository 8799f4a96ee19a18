import type pg from "pg";
import type { FeedChange } from "../../host/feeds/feed-owner.js";
import { DEFAULT_ZONE } from "../../../schema/feeds/records.js";

/**
 * Takes the merchants' rows in order of the merchant, until the transaction ends. What another batch committed before is
 * visible to every later statement; without this, two batches could each miss the other's part of one order.
 */
export async function lockMerchants(client: pg.PoolClient, change: FeedChange): Promise<void> {
  await client.query(`insert into transactions.merchant_revision as r (merchant_id, revision)
    select distinct merchant_id, 1 from ${change.stagingTable} order by merchant_id
    on conflict (merchant_id) do update set revision = r.revision + 1`);
}

/** Makes `pg_temp.touched_order`: the orders that the staged records speak of, or spoke of before they were corrected. */
export async function findTouchedOrders(client: pg.PoolClient, change: FeedChange): Promise<void> {
  await client.query("drop table if exists pg_temp.touched_order");
  const head = change.kind === "order";
  const now = head
    ? `select merchant_id, platform, record_key as order_id from ${change.stagingTable}`
    : `select merchant_id, coalesce(payload->>'orderPlatform', platform) as platform, payload->>'orderId' as order_id
         from ${change.stagingTable} where payload is not null
       union
       select p.merchant_id, p.order_platform, p.order_id
         from ${change.stagingTable} s join transactions.order_part p using (merchant_id, platform, kind, record_key)`;
  await client.query(`create temporary table touched_order on commit drop as ${now}`);
  await client.query("analyze pg_temp.touched_order");
}

/** Writes the newest state of the staged records beside their order. */
export async function storeParts(client: pg.PoolClient, change: FeedChange): Promise<void> {
  await client.query(change.kind === "order" ? storeHeads(change.stagingTable) : storeOthers(change));
}

/** Forgets the staged records, which left their merchant. */
export async function removeParts(client: pg.PoolClient, change: FeedChange): Promise<void> {
  const staging = change.stagingTable;
  await client.query(
    change.kind === "order"
      ? `delete from transactions.order_head h using ${staging} s
          where h.merchant_id = s.merchant_id and h.platform = s.platform and h.order_id = s.record_key`
      : `delete from transactions.order_part p using ${staging} s
          where p.merchant_id = s.merchant_id and p.platform = s.platform and p.kind = s.kind and p.record_key = s.record_key`,
  );
}

function storeHeads(staging: string): string {
  const columns = [
    "seller_id",
    "currency",
    "total_minor",
    "created_at",
    "paid_at",
    "paid_minor",
    "promised_ship_at",
    "promised_delivery_at",
    "cancelled_at",
    "confirmed_at",
    "buyer",
    "region",
    "products",
    "zone",
  ];
  return `insert into transactions.order_head (merchant_id, platform, order_id, ${columns.join(", ")})
    select merchant_id, platform, record_key, payload->>'sellerId', payload->>'currency', (payload->>'totalMinor')::bigint,
      ${instants("createdAt", "paidAt")}, (payload->>'paidMinor')::bigint,
      ${instants("promisedShipAt", "promisedDeliveryAt", "cancelledAt", "confirmedAt")},
      payload->>'buyerId', payload->>'region',
      coalesce((select jsonb_object_agg(product, amount) from (
        select line->>'productId' as product, sum((line->>'amountMinor')::bigint) as amount
          from jsonb_array_elements(payload->'lines') as line group by 1) as lines), '{}'),
      coalesce(payload->>'zone', '${DEFAULT_ZONE}')
    from ${staging} order by merchant_id, platform, record_key
    on conflict (merchant_id, platform, order_id) do update set ${replace(columns)}`;
}

/** What of a record fills the columns that the kinds share, and whether single records of the kind are listed. */
interface PartFields {
  /** The field of the amount; no record has the field `none`. */
  readonly amount: string;
  readonly happened: string;
  readonly isListed: boolean;
}

const FIELDS: Readonly<Record<string, PartFields>> = {
  payment: { amount: "amountMinor", happened: "paidAt", isListed: false },
  refund: { amount: "amountMinor", happened: "refundedAt", isListed: false },
  shipment: { amount: "none", happened: "shippedAt", isListed: true },
  settlement: { amount: "grossMinor", happened: "settledAt", isListed: true },
};

// A first guess at the account that a part is listed under, right for most; `deriveFacts` settles it.
const JOIN_HEAD = `left join transactions.order_head h on h.merchant_id = s.merchant_id
  and h.platform = coalesce(payload->>'orderPlatform', s.platform) and h.order_id = payload->>'orderId'
  and (payload->>'currency' is null or payload->>'currency' = h.currency)`;

function storeOthers(change: FeedChange): string {
  const fields = FIELDS[change.kind];
  if (fields === undefined) throw new TypeError(`no facts of kind ${change.kind}`);
  const columns = [
    "order_platform",
    "order_id",
    "currency",
    "amount_minor",
    "fee_minor",
    "chargeback_minor",
    "happened_at",
    "delivered_at",
    "promised_ship_at",
    "promised_delivery_at",
    "has_tracking",
    "seller_id",
  ];
  return `insert into transactions.order_part (merchant_id, platform, kind, record_key, ${columns.join(", ")})
    select s.merchant_id, s.platform, s.kind, s.record_key, coalesce(payload->>'orderPlatform', s.platform),
      payload->>'orderId', payload->>'currency', (payload->>'${fields.amount}')::bigint, (payload->>'feeMinor')::bigint,
      coalesce((payload->>'chargebackMinor')::bigint, 0),
      ${instants(fields.happened, "deliveredAt", "promisedShipAt", "promisedDeliveryAt")}, payload ? 'trackingNumber',
      ${fields.isListed ? "h.seller_id" : "null"}
    from ${change.stagingTable} s ${fields.isListed ? JOIN_HEAD : ""}
    order by s.merchant_id, s.platform, s.kind, s.record_key
    on conflict (merchant_id, platform, kind, record_key) do update set ${replace(columns)}`;
}

function instants(...fields: string[]): string {
  return fields.map((field) => `(payload->>'${field}')::timestamptz`).join(", ");
}

function replace(columns: readonly string[]): string {
  return columns.map((column) => `${column} = excluded.${column}`).join(", ");
}
