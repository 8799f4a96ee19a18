import type pg from "pg";
import type { FeedKind } from "../../../schema/feeds/kinds.js";

/*
 * What is known of an order, from the newest state of its records and from nothing else: the order of arrival cannot matter.
 *
 * - Without an order record there is no fact. Parts in another currency than the order's are left out.
 * - Payments and settlements: where another platform than the order's reports any, only the others' count, since the
 *   marketplace's are a second report of the same money. Refunds: the publisher with the greatest sum counts.
 * - Shipped with the first parcel; delivered when all parcels that one publisher knows of are, by the earliest such publisher.
 * - The account is the seller of the order's record; the order's parts follow it, whoever published them.
 * - Level: 2 when another platform reports the payment, 3 when a third one reports a shipment or a settlement, else 1.
 */
const KEY = "merchant_id, order_platform, order_id";

/** Read through the indexes of the stored tables, once; everything after works on these two alone. */
const HEAD = `create temporary table fact_head on commit drop as
  select h.* from pg_temp.touched_order t join transactions.order_head h using (merchant_id, platform, order_id)`;

const PART = `create temporary table fact_part on commit drop as
  select p.*, h.seller_id as order_seller_id,
    bool_or(p.platform <> p.order_platform) over (partition by p.merchant_id, p.order_platform, p.order_id, p.kind)
      = (p.platform <> p.order_platform) as is_best
  from pg_temp.fact_head h join transactions.order_part p
    on p.merchant_id = h.merchant_id and p.order_platform = h.platform and p.order_id = h.order_id
  where p.currency is null or p.currency = h.currency`;

/** Lists each shipment, and each settlement that counts, under its order's account. */
const LIST = `update transactions.order_part p set seller_id = w.wanted from (
    select merchant_id, platform, kind, record_key, seller_id,
      case when kind = 'shipment' or is_best then order_seller_id end as wanted
    from pg_temp.fact_part where kind in ('shipment', 'settlement')
  ) as w
  where w.seller_id is distinct from w.wanted and p.merchant_id = w.merchant_id and p.platform = w.platform
    and p.kind = w.kind and p.record_key = w.record_key`;

/** Lists no part any more whose order left, or has another currency now; only an order's own record does that to parts. */
const UNLIST = `update transactions.order_part p set seller_id = null from pg_temp.touched_order t
  where p.merchant_id = t.merchant_id and p.order_platform = t.platform and p.order_id = t.order_id
    and p.seller_id is not null and not exists (
      select from pg_temp.fact_head h
      where h.merchant_id = t.merchant_id and h.platform = t.platform and h.order_id = t.order_id
        and (p.currency is null or p.currency = h.currency))`;

const PARTS = `
  head as (select * from pg_temp.fact_head),
  part as (select * from pg_temp.fact_part),
  payment as (
    select ${KEY}, sum(amount_minor)::bigint as paid_minor, min(happened_at) as paid_at, array_agg(distinct platform) as platforms
    from part where kind = 'payment' and is_best group by ${KEY}
  ),
  shipment as (
    select ${KEY}, min(shipped_at) as shipped_at, min(delivered_at) as delivered_at, bool_or(tracked) as tracked,
      min(promised_ship_at) as promised_ship_at, min(promised_delivery_at) as promised_delivery_at
    from (
      select ${KEY}, platform, min(happened_at) as shipped_at, min(promised_ship_at) as promised_ship_at,
        min(promised_delivery_at) as promised_delivery_at,
        case when bool_and(delivered_at is not null) then max(delivered_at) end as delivered_at,
        bool_or(has_tracking and (delivered_at is not null or platform <> order_platform)) as tracked
      from part where kind = 'shipment' group by ${KEY}, platform
    ) as by_publisher group by ${KEY}
  ),
  source as (
    select ${KEY}, array_agg(distinct kind || ':' || platform) filter (where kind <> 'settlement') as sources,
      array_agg(distinct platform) filter (where kind in ('shipment', 'settlement')) as carriers
    from part where kind <> 'refund' or happened_at is not null group by ${KEY}
  )`;

const BASE = `
  base as materialized (
    select h.merchant_id, h.platform as order_platform, h.order_id, h.seller_id, h.currency, h.total_minor, h.zone, h.created_at,
      h.cancelled_at, h.confirmed_at, h.buyer, h.region, h.products,
      case when p.paid_at is not null then p.paid_at else h.paid_at end as paid_at,
      coalesce(p.paid_minor, case when h.paid_at is not null then coalesce(h.paid_minor, h.total_minor) end, 0) as paid_minor,
      s.shipped_at, s.delivered_at, coalesce(s.tracked, false) as tracked,
      coalesce(h.promised_ship_at, s.promised_ship_at) as promised_ship_at,
      coalesce(h.promised_delivery_at, s.promised_delivery_at) as promised_delivery_at,
      case when p.platforms is null or p.platforms = array[h.platform] then 1
        when exists (select from unnest(e.carriers) as c where c <> h.platform and c <> all (p.platforms)) then 3
        else 2 end as level,
      array['order:' || h.platform] || coalesce(e.sources, '{}') as sources
    from head h
    left join payment p on p.merchant_id = h.merchant_id and p.order_platform = h.platform and p.order_id = h.order_id
    left join shipment s on s.merchant_id = h.merchant_id and s.order_platform = h.platform and s.order_id = h.order_id
    left join source e on e.merchant_id = h.merchant_id and e.order_platform = h.platform and e.order_id = h.order_id
  )`;

const STATE_AT = (instant: string) => `case when b.confirmed_at <= ${instant} then 'CONFIRMED'
  when b.delivered_at <= ${instant} then 'DELIVERED' when b.shipped_at <= ${instant} then 'SHIPPED' else 'AWAITING_SHIP' end`;

const lostIn = (state: string) => `coalesce(sum(amount_minor) filter (where state = '${state}'), 0)::bigint`;

const MONEY_BACK = `
  refund as (
    select ${KEY}, sum(amount_minor)::bigint as refunded_minor, max(happened_at) as refunded_at,
      ${lostIn("AWAITING_SHIP")} as awaiting, ${lostIn("SHIPPED")} as shipped,
      ${lostIn("DELIVERED")} as delivered, ${lostIn("CONFIRMED")} as confirmed
    from (
      select r.merchant_id, r.order_platform, r.order_id, r.amount_minor, r.happened_at, ${STATE_AT("r.happened_at")} as state
      from (
        select distinct on (${KEY}) ${KEY}, platform from (
          select ${KEY}, platform, sum(amount_minor) as total from part
          where kind = 'refund' and happened_at is not null group by ${KEY}, platform
        ) as by_publisher order by ${KEY}, total desc, (platform = order_platform) desc, platform
      ) as best
      join part r using (${KEY}, platform) join base b using (${KEY})
      where r.kind = 'refund' and r.happened_at is not null
    ) as counted group by ${KEY}
  ),
  settlement as (
    select ${KEY}, min(s.happened_at) as settled_at, jsonb_agg(jsonb_build_object(
      'day', (s.happened_at at time zone b.zone)::date, 'source', s.platform, 'gross', s.amount_minor,
      'fee', s.fee_minor, 'chargeback', s.chargeback_minor,
      'weight', case when b.paid_at <= s.happened_at and b.paid_minor > 0
        then trunc(s.amount_minor::numeric * greatest(b.paid_minor - coalesce(r.refunded_minor, 0), 0) / b.paid_minor)
        else 0 end,
      'seconds', greatest(floor(extract(epoch from s.happened_at - b.paid_at))::bigint, 0)
    )) as settlements
    from part s join base b using (${KEY}) left join refund r using (${KEY})
    where s.kind = 'settlement' and s.is_best group by ${KEY}
  )`;

const day = (instant: string) => `(${instant} at time zone b.zone)::date`;
/** Whole seconds between two instants; nothing when one is unknown or they are in the wrong order. */
const lag = (from: string, until: string) =>
  `case when ${until} >= ${from} then floor(extract(epoch from ${until} - ${from}))::bigint end`;
/** Refunds of the state, and what an order cancelled in that state left unrefunded. */
const lost = (state: string, refunded: string) => `coalesce(r.${refunded}, 0)
  + case when ${STATE_AT("b.cancelled_at")} = '${state}' then l.cancelled_minor else 0 end`;

/** The columns of `order_fact`, in the order of {@link FACT}. */
const COLUMNS = `merchant_id, platform, order_id, currency, created_day, total_minor, paid_day, paid_minor, level,
  pre_ship_cancelled, cancelled, cancelled_minor, refunded_minor, lost_awaiting_minor, lost_shipped_minor,
  lost_delivered_minor, lost_confirmed_minor, state, settled, is_shipped, is_tracked, ship_on_time, delivery_on_time,
  outcome, outcome_day, pay_to_ship, ship_to_deliver, deliver_to_confirm, confirm_to_settle, settlements, sources, buyer,
  region, products, seller_id, paid_at, shipped_at, delivered_at, settled_at`;

const FACT = `
  select 1, b.merchant_id, b.order_platform, b.order_id, b.currency, ${day("b.created_at")}, b.total_minor,
    ${day("b.paid_at")}, b.paid_minor, b.level,
    l.is_cancelled and (b.shipped_at is null or b.cancelled_at < b.shipped_at), b.cancelled_at is not null, l.cancelled_minor,
    l.refunded_minor, ${lost("AWAITING_SHIP", "awaiting")}, ${lost("SHIPPED", "shipped")},
    ${lost("DELIVERED", "delivered")}, ${lost("CONFIRMED", "confirmed")},
    case when b.confirmed_at is not null then 'CONFIRMED' when b.delivered_at is not null then 'DELIVERED'
      when b.shipped_at is not null then 'SHIPPED' else 'AWAITING_SHIP' end,
    s.settled_at is not null, b.shipped_at is not null, b.tracked,
    b.shipped_at <= b.promised_ship_at, b.delivered_at <= b.promised_delivery_at,
    case when b.paid_at is null then null when coalesce(b.delivered_at, b.confirmed_at) is not null then 'DELIVERED'
      when l.is_closed then 'CLOSED' end,
    case when b.paid_at is null then null when coalesce(b.delivered_at, b.confirmed_at) is not null
      then ${day("coalesce(b.delivered_at, b.confirmed_at)")}
      when l.is_closed then ${day("greatest(b.cancelled_at, r.refunded_at)")} end,
    ${lag("b.paid_at", "b.shipped_at")}, ${lag("b.shipped_at", "b.delivered_at")},
    ${lag("b.delivered_at", "b.confirmed_at")}, ${lag("b.confirmed_at", "s.settled_at")},
    coalesce(s.settlements, '[]'), b.sources, b.buyer, b.region, b.products, b.seller_id, b.paid_at, b.shipped_at,
    b.delivered_at, s.settled_at
  from base b left join refund r using (${KEY}) left join settlement s using (${KEY})
  cross join lateral (
    select coalesce(r.refunded_minor, 0) as refunded_minor,
      b.cancelled_at is not null and b.paid_at is not null as is_cancelled,
      case when b.cancelled_at is not null then greatest(b.paid_minor - coalesce(r.refunded_minor, 0), 0) else 0 end
        as cancelled_minor,
      b.cancelled_at is not null or (r.refunded_minor > 0 and r.refunded_minor >= b.paid_minor) as is_closed
  ) as l`;

/**
 * Makes `pg_temp.fact_change`: for each touched order its old fact with sign -1 and its new one with sign 1. A sum is kept
 * right by adding sign times what the fact contributes. Then writes the new facts over the old.
 */
export async function deriveFacts(client: pg.PoolClient, kind: FeedKind): Promise<void> {
  await client.query("drop table if exists pg_temp.fact_change, pg_temp.fact_head, pg_temp.fact_part");
  await client.query(
    "create temporary table fact_change (sign int not null, like transactions.order_fact) on commit drop",
  );
  await client.query("analyze pg_temp.touched_order");
  await client.query(`insert into pg_temp.fact_change (sign, ${COLUMNS})
    select -1, ${COLUMNS} from pg_temp.touched_order t join transactions.order_fact f using (merchant_id, platform, order_id)`);
  await client.query(HEAD);
  await client.query("analyze pg_temp.fact_head");
  await client.query(PART);
  await client.query("analyze pg_temp.fact_part");
  await client.query(LIST);
  if (kind === "order") await client.query(UNLIST);
  // The joins below are among equals of the batch's size, where the planner knows no sizes of the groups: a nested loop
  // would square the batch.
  await client.query("set local enable_nestloop = off");
  await client.query(
    `insert into pg_temp.fact_change (sign, ${COLUMNS}) with ${PARTS}, ${BASE}, ${MONEY_BACK} ${FACT}`,
  );
  await client.query("set local enable_nestloop = on");
  await client.query("analyze pg_temp.fact_change");
  await client.query(`delete from transactions.order_fact f using pg_temp.fact_change c
    where c.sign = -1 and f.merchant_id = c.merchant_id and f.platform = c.platform and f.order_id = c.order_id`);
  await client.query(
    `insert into transactions.order_fact (${COLUMNS}) select ${COLUMNS} from pg_temp.fact_change where sign = 1`,
  );
}
