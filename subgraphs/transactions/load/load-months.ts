import type pg from "pg";
import { askedOf, bySlot, type FrameKey, frameParameters } from "./frame-key.js";
import type { MonthRow, SaleDays } from "./rows.js";

const SUMS = [
  "created_orders",
  "created_minor",
  "paid_orders",
  "paid_minor",
  "paid_second_minor",
  "paid_third_minor",
  "pre_ship_cancelled_orders",
  "cancelled_minor",
  "refunded_orders",
  "refunded_minor",
  "ship_promised_orders",
  "ship_on_time_orders",
  "delivery_promised_orders",
  "delivery_on_time_orders",
  "shipped_orders",
  "tracked_orders",
  "settlements",
  "settled_gross_minor",
  "settled_fee_minor",
  "settled_chargeback_minor",
] as const;

/** Days of net sales that days of sales outstanding rest on. */
export const RECENT_DAYS = 90;

const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const RECENT = `t.day > $6::date - ${RECENT_DAYS} and t.day <= $6::date`;
const EMPTY = [...SUMS, "settled_weight"].map((name) => `sum(t.${name}) = 0`).join(" and ");

const MONTHS = `select q.slot, to_char(t.day, 'YYYY-MM') as month, t.platform, t.currency,
  ${SUMS.map((name) => `sum(t.${name})::bigint as "${camel(name)}"`).join(", ")},
  sum(t.settled_weight)::float8 as "settledWeight", sum(t.settled_weight_seconds)::float8 as "settledWeightSeconds",
  coalesce(sum(t.paid_minor - t.refunded_minor - t.cancelled_minor) filter (where ${RECENT}), 0)::bigint as "recentNetMinor",
  coalesce(sum(t.paid_orders) filter (where ${RECENT}), 0)::bigint as "recentOrders",
  (min(t.day) filter (where t.settlements > 0))::text as "firstSettledDay"
  from ${askedOf("order_day", "day")}
  group by q.slot, to_char(t.day, 'YYYY-MM'), t.platform, t.currency having not (${EMPTY})
  order by q.slot, 2, 3, 4`;

/** At most months x platforms x currencies rows a key. `today` is `YYYY-MM-DD`. */
export async function loadMonths(
  pool: pg.Pool,
  keys: readonly FrameKey[],
  today: string,
): Promise<MonthRow[][]> {
  const { rows } = await pool.query<MonthRow & { slot: number }>(MONTHS, [...frameParameters(keys), today]);
  return bySlot(keys, rows);
}

/** One row a key. `today` is `YYYY-MM-DD`. */
export async function loadSaleDays(
  pool: pg.Pool,
  keys: readonly FrameKey[],
  today: string,
): Promise<SaleDays[]> {
  const { rows } = await pool.query<SaleDays & { slot: number }>(
    `select q.slot, count(distinct t.day) as days, min(t.day)::text as "firstDay" from ${askedOf("order_day", "day")}
      where t.paid_orders > 0 and t.day < $6::date group by q.slot`,
    [...frameParameters(keys), today],
  );
  return bySlot(keys, rows).map(([row]) => row ?? { days: 0, firstDay: null });
}
