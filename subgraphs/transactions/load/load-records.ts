import type pg from "pg";
import { bySlot } from "./frame-key.js";
import { exactInstant, isOnPage, openAccounts, pageParameters, PAGES, type RecordKey } from "./record-key.js";
import type { OrderRow, PayoutRow, ShipmentRow } from "./record-rows.js";

const ORDERS = `select q.slot, h.platform, h.order_id as key, ${exactInstant("h.created_at")} as at, h.currency,
    h.created_at as "createdAt", f.paid_at as "paidAt", f.shipped_at as "shippedAt", f.delivered_at as "deliveredAt",
    h.confirmed_at as "confirmedAt", f.settled_at as "settledAt", h.cancelled_at as "cancelledAt",
    f.total_minor as "totalMinor", f.paid_minor as "paidMinor", f.refunded_minor as "refundedMinor", h.region, f.level,
    case when f.cancelled then 'CANCELLED' when f.state = 'AWAITING_SHIP' and f.paid_at is null then 'AWAITING_PAYMENT'
      else f.state end as state
  from ${PAGES} cross join lateral (
    select h.* from ${openAccounts("s.platform, s.seller_id, s.currency")} cross join lateral (
      select h.* from transactions.order_head h
      where h.merchant_id = q.merchant_id and h.platform = a.platform and h.seller_id = a.seller_id
        and h.currency = a.currency and ${isOnPage("h.created_at", { key: "h.order_id", platform: "h.platform", zone: "h.zone" })}
      order by h.created_at desc, h.order_id desc limit q.size
    ) h order by h.created_at desc, h.order_id desc, h.platform desc limit q.size
  ) h join transactions.order_fact f
    on f.merchant_id = h.merchant_id and f.platform = h.platform and f.order_id = h.order_id
  order by q.slot, h.created_at desc, h.order_id desc, h.platform desc`;

/** Orders, newest first; each page by the index of its accounts. */
export async function loadOrders(pool: pg.Pool, keys: readonly RecordKey[]): Promise<OrderRow[][]> {
  const { rows } = await pool.query<OrderRow & { slot: number }>(ORDERS, pageParameters(keys));
  return bySlot(keys, rows);
}

/** Parts of one kind that count, newest first; their day is that of their order's zone. */
function parts(kind: "settlement" | "shipment", columns: string): string {
  const [accounts, currency] =
    kind === "settlement"
      ? ["s.platform, s.seller_id, s.currency", "and p.currency = a.currency"]
      : ["s.platform, s.seller_id", ""];
  return `select q.slot, p.platform, p.record_key as key, p.order_platform as "orderPlatform", p.order_id as "orderId",
    ${exactInstant("p.happened_at")} as at, p.happened_at as "happenedAt", ${columns}
  from ${PAGES} cross join lateral (
    select p.* from ${openAccounts(accounts)} cross join lateral (
      select p.* from transactions.order_part p join transactions.order_head h
        on h.merchant_id = p.merchant_id and h.platform = p.order_platform and h.order_id = p.order_id
      where p.merchant_id = q.merchant_id and p.kind = '${kind}' and p.order_platform = a.platform
        and p.seller_id = a.seller_id ${currency}
        and ${isOnPage("p.happened_at", { key: "p.record_key", platform: "p.platform", zone: "h.zone" })}
      order by p.happened_at desc, p.record_key desc, p.platform desc limit q.size
    ) p order by p.happened_at desc, p.record_key desc, p.platform desc limit q.size
  ) p order by q.slot, p.happened_at desc, p.record_key desc, p.platform desc`;
}

const PAYOUTS = parts(
  "settlement",
  `p.currency, p.amount_minor as "grossMinor", p.fee_minor as "feeMinor", p.chargeback_minor as "chargebackMinor"`,
);

/** Payouts that count in the figures, newest first. */
export async function loadPayouts(pool: pg.Pool, keys: readonly RecordKey[]): Promise<PayoutRow[][]> {
  const { rows } = await pool.query<PayoutRow & { slot: number }>(PAYOUTS, pageParameters(keys));
  return bySlot(keys, rows);
}

const SHIPMENTS = parts(
  "shipment",
  `p.delivered_at as "deliveredAt", p.promised_ship_at as "promisedShipAt",
    p.promised_delivery_at as "promisedDeliveryAt", p.has_tracking as "hasTracking"`,
);

/** Parcels as each publisher reported them, newest first. */
export async function loadShipments(pool: pg.Pool, keys: readonly RecordKey[]): Promise<ShipmentRow[][]> {
  const { rows } = await pool.query<ShipmentRow & { slot: number }>(SHIPMENTS, pageParameters(keys));
  return bySlot(keys, rows);
}
