import type { SumPlan } from "./add-sums.js";
import { bucketSql } from "./log-buckets.js";

const PAID_MONTH = "date_trunc('month', paid_day)::date";
const FROM_PAID = "from pg_temp.fact_change where paid_day is not null";

/** The measures that quantiles are read of: minor units, and seconds; and what they depend on. */
export const SKETCH_MEASURES = {
  ORDER_VALUE: { column: "paid_minor", kinds: ["order", "payment"] },
  PAY_TO_SHIP: { column: "pay_to_ship", kinds: ["order", "payment", "shipment"] },
  SHIP_TO_DELIVER: { column: "ship_to_deliver", kinds: ["order", "payment", "shipment"] },
  DELIVER_TO_CONFIRM: { column: "deliver_to_confirm", kinds: ["order", "payment", "shipment"] },
  CONFIRM_TO_SETTLE: { column: "confirm_to_settle", kinds: ["order", "payment", "settlement"] },
} as const;
export type SketchMeasure = keyof typeof SKETCH_MEASURES;

const sketches: SumPlan = {
  table: "sketch_month",
  keys: ["merchant_id", "month", "measure", "platform", "seller_id", "currency", "bucket"],
  measures: ["n"],
  sources: Object.entries(SKETCH_MEASURES).map(([measure, { column, kinds }]) => ({
    kinds,
    select: `select merchant_id, ${PAID_MONTH} as month, '${measure}' as measure, platform, seller_id, currency,
      ${bucketSql(column)} as bucket, sign as n ${FROM_PAID} and ${column} is not null`,
  })),
};

/** What sales are concentrated in; the platform is a column of every table. 500 lines of the greatest amount fit a bigint. */
export const DIMENSIONS = ["BUYER", "PRODUCT", "REGION"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

const dimensions: SumPlan = {
  table: "dimension_month",
  keys: ["merchant_id", "dimension", "month", "platform", "seller_id", "currency", "key"],
  measures: ["orders", "amount_minor"],
  sources: [
    {
      kinds: ["order", "payment"],
      select: `
    select merchant_id, 'BUYER' as dimension, ${PAID_MONTH} as month, platform, seller_id, currency, buyer as key, sign as orders,
      sign * paid_minor as amount_minor ${FROM_PAID} and buyer is not null
    union all
    select merchant_id, 'REGION', ${PAID_MONTH}, platform, seller_id, currency, region, sign, sign * paid_minor
      ${FROM_PAID} and region is not null
    union all
    select merchant_id, 'PRODUCT', ${PAID_MONTH}, platform, seller_id, currency, p.key, sign, sign * p.value::bigint
      from pg_temp.fact_change cross join lateral jsonb_each_text(products) as p where paid_day is not null`,
    },
  ],
};

const COHORT_AMOUNTS = [
  "refunded_minor",
  "lost_awaiting_minor",
  "lost_shipped_minor",
  "lost_delivered_minor",
  "lost_confirmed_minor",
];

const cohorts: SumPlan = {
  table: "cohort_day",
  keys: ["merchant_id", "month", "platform", "seller_id", "currency", "outcome", "outcome_day"],
  measures: ["orders", "amount_minor", "refunded_orders", ...COHORT_AMOUNTS],
  sources: [
    {
      kinds: ["order", "payment", "refund", "shipment"],
      select: `select merchant_id, ${PAID_MONTH} as month, platform, seller_id, currency, outcome, outcome_day, sign as orders,
    sign * paid_minor as amount_minor, case when refunded_minor > 0 then sign else 0 end as refunded_orders,
    ${COHORT_AMOUNTS.map((column) => `sign * ${column} as ${column}`).join(", ")} ${FROM_PAID} and outcome is not null`,
    },
  ],
};

const receivables: SumPlan = {
  table: "receivable_month",
  keys: ["merchant_id", "month", "platform", "seller_id", "currency", "state"],
  measures: ["orders", "amount_minor"],
  sources: [
    {
      kinds: ["order", "payment", "refund", "shipment", "settlement"],
      select: `select merchant_id, ${PAID_MONTH} as month, platform, seller_id, currency, state, sign as orders,
    sign * greatest(paid_minor - refunded_minor, 0) as amount_minor ${FROM_PAID} and not settled and not cancelled`,
    },
  ],
};

/** Settlements name their source in the month of the payout, all else in the month of the order. */
const sources: SumPlan = {
  table: "source_month",
  keys: ["merchant_id", "month", "platform", "seller_id", "currency", "role", "source"],
  measures: ["n"],
  sources: [
    {
      kinds: ["order", "payment", "refund", "shipment"],
      select: `
    select merchant_id, date_trunc('month', coalesce(paid_day, created_day))::date as month, platform, seller_id, currency,
      split_part(named, ':', 1) as role, split_part(named, ':', 2) as source, sign as n
      from pg_temp.fact_change cross join lateral unnest(sources) as named`,
    },
    {
      kinds: ["order", "settlement"],
      select: `
    select merchant_id, date_trunc('month', s.day)::date as month, platform, seller_id, currency, 'settlement' as role,
      s.source, sign as n
      from pg_temp.fact_change cross join lateral jsonb_to_recordset(settlements) as s(day date, source text)`,
    },
  ],
};

/** The sums by month, each with its own key. */
export const MONTH_SUMS: readonly SumPlan[] = [sketches, dimensions, cohorts, receivables, sources];
