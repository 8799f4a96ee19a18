import { randomBytes } from "node:crypto";
import { type Kysely, sql } from "kysely";

/**
 * Facts and sums by seller account, and what single records are read by. An order's account is the seller of its newest record;
 * its parts follow it, whoever published them.
 *
 * The statements are those of this version and stay so: they are not the ones that keep the tables today. The sums are
 * computed anew from the facts, since what is known by platform alone cannot be told apart by seller. Batches wait
 * meanwhile; one of an older program fails afterwards and is published again, for it would not name the seller.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Every batch takes it first, so that none is half way when the tables change.
  await sql`lock table transactions.merchant_revision in access exclusive mode`.execute(db);
  for (const statement of [...HEADS, ...PARTS, ...FACTS, ...SUMS.flatMap(rekey), ...REBUILD, ...SECRET])
    await sql.raw(statement).execute(db);
  await sql`insert into transactions.record_secret (secret) values (${randomBytes(32)})`.execute(db);
}

const HEADS = [
  "alter table transactions.order_head add column seller_id text",
  `update transactions.order_head h set seller_id = r.seller_id from (
    select distinct on (merchant_id, platform, record_key) merchant_id, platform, record_key, payload->>'sellerId' as seller_id
    from transactions.feed_record where kind = 'order' and payload is not null
    order by merchant_id, platform, record_key, version desc
  ) r where r.merchant_id = h.merchant_id and r.platform = h.platform and r.record_key = h.order_id`,
  "alter table transactions.order_head alter column seller_id set not null",
  // Orders are listed by account and currency, newest first.
  `create index order_head_listed on transactions.order_head
    (merchant_id, platform, seller_id, currency, created_at, order_id)`,
];

/** Parts of known orders in the order's currency, with the instants that count. */
const COUNTED = `select p.*, h.seller_id as order_seller_id,
    bool_or(p.platform <> p.order_platform) over (partition by p.merchant_id, p.order_platform, p.order_id, p.kind)
      = (p.platform <> p.order_platform) as is_best
  from transactions.order_head h join transactions.order_part p
    on p.merchant_id = h.merchant_id and p.order_platform = h.platform and p.order_id = h.order_id
  where p.currency is null or p.currency = h.currency`;

const PARTS = [
  // Of a shipment or a settlement that counts: its order's seller. Null for all else.
  "alter table transactions.order_part add column seller_id text",
  `update transactions.order_part p set seller_id = c.order_seller_id from (${COUNTED}) c
    where c.merchant_id = p.merchant_id and c.platform = p.platform and c.kind = p.kind and c.record_key = p.record_key
      and (c.kind = 'shipment' or (c.kind = 'settlement' and c.is_best))`,
  `create index order_part_payout on transactions.order_part
    (merchant_id, order_platform, seller_id, currency, happened_at, record_key) where kind = 'settlement' and seller_id is not null`,
  `create index order_part_shipment on transactions.order_part
    (merchant_id, order_platform, seller_id, happened_at, record_key) where kind = 'shipment' and seller_id is not null`,
];

const FACTS = [
  `alter table transactions.order_fact add column seller_id text, add column paid_at timestamptz,
    add column shipped_at timestamptz, add column delivered_at timestamptz, add column settled_at timestamptz`,
  `with counted as (${COUNTED}), step as (
    select merchant_id, order_platform, order_id, min(happened_at) filter (where kind = 'payment' and is_best) as paid_at,
      min(happened_at) filter (where kind = 'shipment') as shipped_at,
      min(happened_at) filter (where kind = 'settlement' and is_best) as settled_at
    from counted group by merchant_id, order_platform, order_id
  ), arrival as (
    select merchant_id, order_platform, order_id, min(delivered_at) as delivered_at from (
      select merchant_id, order_platform, order_id,
        case when bool_and(delivered_at is not null) then max(delivered_at) end as delivered_at
      from counted where kind = 'shipment' group by merchant_id, order_platform, order_id, platform
    ) as by_publisher group by merchant_id, order_platform, order_id
  ), known as (
    select h.merchant_id, h.platform, h.order_id, h.seller_id, coalesce(s.paid_at, h.paid_at) as paid_at, s.shipped_at,
      a.delivered_at, s.settled_at
    from transactions.order_head h
      left join step s on s.merchant_id = h.merchant_id and s.order_platform = h.platform and s.order_id = h.order_id
      left join arrival a on a.merchant_id = h.merchant_id and a.order_platform = h.platform and a.order_id = h.order_id
  )
  update transactions.order_fact f set seller_id = k.seller_id, paid_at = k.paid_at, shipped_at = k.shipped_at,
    delivered_at = k.delivered_at, settled_at = k.settled_at
  from known k where k.merchant_id = f.merchant_id and k.platform = f.platform and k.order_id = f.order_id`,
  "alter table transactions.order_fact alter column seller_id set not null",
];

/** The tables of sums with their new keys, and the columns that are new. */
const SUMS = [
  { table: "order_day", key: "merchant_id, day, platform, seller_id, currency", added: ["seller_id"] },
  {
    table: "sketch_month",
    key: "merchant_id, month, measure, platform, seller_id, currency, bucket",
    added: ["seller_id"],
  },
  {
    table: "dimension_month",
    key: "merchant_id, dimension, month, platform, seller_id, currency, key",
    added: ["seller_id"],
  },
  {
    table: "cohort_day",
    key: "merchant_id, month, platform, seller_id, currency, outcome, outcome_day",
    added: ["seller_id"],
  },
  {
    table: "receivable_month",
    key: "merchant_id, month, platform, seller_id, currency, state",
    added: ["seller_id"],
  },
  // By the order's platform and seller; the source is who reported.
  {
    table: "source_month",
    key: "merchant_id, month, platform, seller_id, currency, role, source",
    added: ["platform", "seller_id"],
  },
] as const;

function rekey({ table, key, added }: (typeof SUMS)[number]): string[] {
  return [
    `truncate transactions.${table}`,
    `alter table transactions.${table} drop constraint ${table}_pkey,
      ${added.map((column) => `add column ${column} text not null`).join(", ")}, add primary key (${key})`,
  ];
}

const PAID_MONTH = "date_trunc('month', paid_day)::date";
const ACCOUNT = "platform, seller_id, currency";

const sketch = (
  measure: string,
  column: string,
) => `select merchant_id, ${PAID_MONTH} as month, '${measure}' as measure,
  ${ACCOUNT}, case when ${column} <= 0 then -1 else ceil(ln(${column}::float8) / 0.010000083334583179)::int end as bucket
  from transactions.order_fact where paid_day is not null and ${column} is not null`;

const lost = (state: string) => `sum(lost_${state}_minor)`;

const REBUILD = [
  `insert into transactions.order_day (merchant_id, day, ${ACCOUNT}, created_orders, created_minor)
    select merchant_id, created_day, ${ACCOUNT}, count(*), sum(total_minor)
    from transactions.order_fact group by merchant_id, created_day, ${ACCOUNT}`,
  `insert into transactions.order_day as d (merchant_id, day, ${ACCOUNT}, paid_orders, paid_minor, paid_second_minor,
      paid_third_minor, pre_ship_cancelled_orders, cancelled_minor, refunded_orders, refunded_minor, ship_promised_orders,
      ship_on_time_orders, delivery_promised_orders, delivery_on_time_orders, shipped_orders, tracked_orders)
    select merchant_id, paid_day, ${ACCOUNT}, count(*), sum(paid_minor),
      coalesce(sum(paid_minor) filter (where level >= 2), 0), coalesce(sum(paid_minor) filter (where level >= 3), 0),
      count(*) filter (where pre_ship_cancelled), sum(cancelled_minor), count(*) filter (where refunded_minor > 0),
      sum(refunded_minor), count(ship_on_time), count(*) filter (where ship_on_time), count(delivery_on_time),
      count(*) filter (where delivery_on_time), count(*) filter (where is_shipped), count(*) filter (where is_tracked)
    from transactions.order_fact where paid_day is not null group by merchant_id, paid_day, ${ACCOUNT}
    on conflict (merchant_id, day, ${ACCOUNT}) do update set paid_orders = excluded.paid_orders,
      paid_minor = excluded.paid_minor, paid_second_minor = excluded.paid_second_minor,
      paid_third_minor = excluded.paid_third_minor, pre_ship_cancelled_orders = excluded.pre_ship_cancelled_orders,
      cancelled_minor = excluded.cancelled_minor, refunded_orders = excluded.refunded_orders,
      refunded_minor = excluded.refunded_minor, ship_promised_orders = excluded.ship_promised_orders,
      ship_on_time_orders = excluded.ship_on_time_orders, delivery_promised_orders = excluded.delivery_promised_orders,
      delivery_on_time_orders = excluded.delivery_on_time_orders, shipped_orders = excluded.shipped_orders,
      tracked_orders = excluded.tracked_orders`,
  `insert into transactions.order_day as d (merchant_id, day, ${ACCOUNT}, settlements, settled_gross_minor, settled_fee_minor,
      settled_chargeback_minor, settled_weight, settled_weight_seconds)
    select merchant_id, s.day, ${ACCOUNT}, count(*), sum(s.gross), sum(s.fee), sum(s.chargeback), sum(s.weight),
      coalesce(sum(s.weight * s.seconds), 0)
    from transactions.order_fact cross join lateral jsonb_to_recordset(settlements)
      as s(day date, gross bigint, fee bigint, chargeback bigint, weight numeric, seconds bigint)
    group by merchant_id, s.day, ${ACCOUNT}
    on conflict (merchant_id, day, ${ACCOUNT}) do update set settlements = excluded.settlements,
      settled_gross_minor = excluded.settled_gross_minor, settled_fee_minor = excluded.settled_fee_minor,
      settled_chargeback_minor = excluded.settled_chargeback_minor, settled_weight = excluded.settled_weight,
      settled_weight_seconds = excluded.settled_weight_seconds`,
  `insert into transactions.sketch_month (merchant_id, month, measure, ${ACCOUNT}, bucket, n)
    select merchant_id, month, measure, ${ACCOUNT}, bucket, count(*) from (${[
      sketch("ORDER_VALUE", "paid_minor"),
      sketch("PAY_TO_SHIP", "pay_to_ship"),
      sketch("SHIP_TO_DELIVER", "ship_to_deliver"),
      sketch("DELIVER_TO_CONFIRM", "deliver_to_confirm"),
      sketch("CONFIRM_TO_SETTLE", "confirm_to_settle"),
    ].join(" union all ")}) as measured group by 1, 2, 3, ${ACCOUNT}, bucket`,
  ...["buyer", "region"].map(
    (
      column,
    ) => `insert into transactions.dimension_month (merchant_id, dimension, month, ${ACCOUNT}, key, orders, amount_minor)
    select merchant_id, '${column.toUpperCase()}', ${PAID_MONTH}, ${ACCOUNT}, ${column}, count(*), sum(paid_minor)
    from transactions.order_fact where paid_day is not null and ${column} is not null
    group by merchant_id, ${PAID_MONTH}, ${ACCOUNT}, ${column}`,
  ),
  `insert into transactions.dimension_month (merchant_id, dimension, month, ${ACCOUNT}, key, orders, amount_minor)
    select merchant_id, 'PRODUCT', ${PAID_MONTH}, ${ACCOUNT}, p.key, count(*), sum(p.value::numeric)
    from transactions.order_fact cross join lateral jsonb_each_text(products) as p where paid_day is not null
    group by merchant_id, ${PAID_MONTH}, ${ACCOUNT}, p.key`,
  `insert into transactions.cohort_day (merchant_id, month, ${ACCOUNT}, outcome, outcome_day, orders, amount_minor,
      refunded_orders, refunded_minor, lost_awaiting_minor, lost_shipped_minor, lost_delivered_minor, lost_confirmed_minor)
    select merchant_id, ${PAID_MONTH}, ${ACCOUNT}, outcome, outcome_day, count(*), sum(paid_minor),
      count(*) filter (where refunded_minor > 0), sum(refunded_minor), ${lost("awaiting")}, ${lost("shipped")},
      ${lost("delivered")}, ${lost("confirmed")}
    from transactions.order_fact where paid_day is not null and outcome is not null
    group by merchant_id, ${PAID_MONTH}, ${ACCOUNT}, outcome, outcome_day`,
  `insert into transactions.receivable_month (merchant_id, month, ${ACCOUNT}, state, orders, amount_minor)
    select merchant_id, ${PAID_MONTH}, ${ACCOUNT}, state, count(*), sum(greatest(paid_minor - refunded_minor, 0))
    from transactions.order_fact where paid_day is not null and not settled and not cancelled
    group by merchant_id, ${PAID_MONTH}, ${ACCOUNT}, state`,
  `insert into transactions.source_month (merchant_id, month, ${ACCOUNT}, role, source, n)
    select merchant_id, month, ${ACCOUNT}, role, source, count(*) from (
      select merchant_id, date_trunc('month', coalesce(paid_day, created_day))::date as month, ${ACCOUNT},
        split_part(named, ':', 1) as role, split_part(named, ':', 2) as source
      from transactions.order_fact cross join lateral unnest(sources) as named
      union all
      select merchant_id, date_trunc('month', s.day)::date, ${ACCOUNT}, 'settlement', s.source
      from transactions.order_fact cross join lateral jsonb_to_recordset(settlements) as s(day date, source text)
    ) as named group by merchant_id, month, ${ACCOUNT}, role, source`,
];

// One row: what record ids and cursors are made with. It is as secret as the rows beside it, and moves with them.
const SECRET = ["create table transactions.record_secret (secret bytea not null)"];
