import type pg from "pg";
import { askedOf, bySlot, type FrameKey, frameParameters } from "./frame-key.js";
import type { MaturedRow, ReceivableRow, RefundPrior, SourceRow } from "./rows.js";

/** Days after delivery until an order's refunds count as complete. */
export const MATURITY_DAYS = 30;

const lost = (column: string) => `sum(t.lost_${column}_minor)::bigint`;

/** At most two rows a key, platform and currency. `today` is `YYYY-MM-DD`. */
export async function loadMatured(
  pool: pg.Pool,
  keys: readonly FrameKey[],
  today: string,
): Promise<MaturedRow[][]> {
  const { rows } = await pool.query<MaturedRow & { slot: number }>(
    `select q.slot, t.platform, t.currency, t.outcome, sum(t.orders)::bigint as orders,
      sum(t.amount_minor)::bigint as "amountMinor", sum(t.refunded_orders)::bigint as "refundedOrders",
      sum(t.refunded_minor)::bigint as "refundedMinor",
      json_build_object('AWAITING_SHIP', ${lost("awaiting")}, 'SHIPPED', ${lost("shipped")},
        'DELIVERED', ${lost("delivered")}, 'CONFIRMED', ${lost("confirmed")}) as "lostMinor"
      from ${askedOf("cohort_day", "month")} where t.outcome_day <= $6::date - ${MATURITY_DAYS}
      group by q.slot, t.platform, t.currency, t.outcome having sum(t.orders) > 0 order by 1, 2, 3, 4`,
    [...frameParameters(keys), today],
  );
  return bySlot(keys, rows);
}

/** At most four rows a key, platform and currency. */
export async function loadReceivables(pool: pg.Pool, keys: readonly FrameKey[]): Promise<ReceivableRow[][]> {
  const { rows } = await pool.query<ReceivableRow & { slot: number }>(
    `select q.slot, t.platform, t.currency, t.state, sum(t.orders)::bigint as orders, sum(t.amount_minor)::bigint as "amountMinor"
      from ${askedOf("receivable_month", "month")}
      group by q.slot, t.platform, t.currency, t.state having sum(t.orders) > 0 order by 1, 2, 3, 4`,
    frameParameters(keys),
  );
  return bySlot(keys, rows);
}

/** A row a key, role and platform. */
export async function loadSources(pool: pg.Pool, keys: readonly FrameKey[]): Promise<SourceRow[][]> {
  const { rows } = await pool.query<SourceRow & { slot: number }>(
    `select q.slot, t.role, t.source from ${askedOf("source_month", "month")}
      group by q.slot, t.role, t.source having sum(t.n) > 0 order by 1, 2, 3`,
    frameParameters(keys),
  );
  return bySlot(keys, rows);
}

/** The refund chances of platforms, in order; `undefined` where too few merchants are known. */
export async function loadPriors(
  pool: pg.Pool,
  platforms: readonly string[],
): Promise<(RefundPrior | undefined)[]> {
  const { rows } = await pool.query<RefundPrior & { platform: string }>(
    `select platform, awaiting_ship as "AWAITING_SHIP", shipped as "SHIPPED", delivered as "DELIVERED",
      confirmed as "CONFIRMED" from transactions.platform_prior where platform = any ($1)`,
    [platforms],
  );
  const known = new Map(rows.map((row) => [row.platform, row]));
  return platforms.map((platform) => known.get(platform));
}
