import type pg from "pg";
import { bucketValue } from "../facts/log-buckets.js";
import type { SketchMeasure } from "../facts/month-sums.js";
import { askedOf, bySlot, type FrameKey, frameParameters } from "./frame-key.js";
import type { Quantiles, Spread } from "./rows.js";

// The quantile q is in the first bucket whose running count exceeds q (n - 1): Masson, Rim, Lee 2019, section 2.
const QUANTILES = `with merged as (
    select q.slot, t.measure, t.bucket, sum(t.n) as n from ${askedOf("sketch_month", "month")}
    group by q.slot, t.measure, t.bucket having sum(t.n) > 0
  ), running as (
    select slot, measure, bucket, sum(n) over (partition by slot, measure order by bucket) as upto,
      sum(n) over (partition by slot, measure) as total from merged
  )
  select slot, measure, max(total)::bigint as n, min(bucket) filter (where upto > 0.5 * (total - 1)) as p50,
    min(bucket) filter (where upto > 0.9 * (total - 1)) as p90 from running group by slot, measure`;

/** One row a key and measure. */
export async function loadQuantiles(pool: pg.Pool, keys: readonly FrameKey[]): Promise<Quantiles[][]> {
  const { rows } = await pool.query<{
    slot: number;
    measure: SketchMeasure;
    n: number;
    p50: number;
    p90: number;
  }>(QUANTILES, frameParameters(keys));
  return bySlot(keys, rows).map((list) =>
    list.map(({ measure, n, p50, p90 }) => ({ measure, n, p50: bucketValue(p50), p90: bucketValue(p90) })),
  );
}

/** Greatest `n` of a top-n share. */
export const TOP_MAX = 10;

const SPREADS = `with keyed as (
    select q.slot, t.dimension, t.key, sum(t.orders) as orders, sum(t.amount_minor) as amount
    from ${askedOf("dimension_month", "month")} where t.dimension in ('BUYER', 'PRODUCT', 'REGION')
    group by q.slot, t.dimension, t.key having sum(t.orders) > 0
  ), ranked as (
    select *, amount / nullif(sum(amount) over (partition by slot, dimension), 0) as share,
      row_number() over (partition by slot, dimension order by amount desc, key) as place from keyed
  )
  select slot, dimension, count(*) as keys, sum(orders)::bigint as orders,
    count(*) filter (where orders >= 2) as "repeatKeys", sum(share * share)::float8 as hhi,
    coalesce(array_agg(share::float8 order by place) filter (where place <= ${TOP_MAX} and share is not null), '{}') as top
  from ranked group by slot, dimension`;

/** One row a key and dimension. Costs as much as the merchant has buyers, products and regions in the months. */
export async function loadSpreads(pool: pg.Pool, keys: readonly FrameKey[]): Promise<Spread[][]> {
  const { rows } = await pool.query<Spread & { slot: number }>(SPREADS, frameParameters(keys));
  return bySlot(keys, rows);
}
