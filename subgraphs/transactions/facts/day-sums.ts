import type { SumPlan } from "./add-sums.js";

/** What each order adds to a day: the measure, and its amount as SQL over the fact. Only weights outgrow a bigint. */
type Contribution = Readonly<Record<string, string>>;

const flag = (condition: string) => `case when ${condition} then 1 else 0 end`;

const CREATED: Contribution = { created_orders: "1", created_minor: "total_minor" };

const PAID: Contribution = {
  paid_orders: "1",
  paid_minor: "paid_minor",
  paid_second_minor: "case when level >= 2 then paid_minor else 0 end",
  paid_third_minor: "case when level >= 3 then paid_minor else 0 end",
  pre_ship_cancelled_orders: flag("pre_ship_cancelled"),
  cancelled_minor: "cancelled_minor",
  refunded_orders: flag("refunded_minor > 0"),
  refunded_minor: "refunded_minor",
  ship_promised_orders: flag("ship_on_time is not null"),
  ship_on_time_orders: flag("ship_on_time"),
  delivery_promised_orders: flag("delivery_on_time is not null"),
  delivery_on_time_orders: flag("delivery_on_time"),
  shipped_orders: flag("is_shipped"),
  tracked_orders: flag("is_tracked"),
};

const SETTLED: Contribution = {
  settlements: "1",
  settled_gross_minor: "s.gross",
  settled_fee_minor: "s.fee",
  settled_chargeback_minor: "s.chargeback",
  settled_weight: "s.weight",
  settled_weight_seconds: "s.weight * s.seconds",
};

const MEASURES = [...Object.keys(CREATED), ...Object.keys(PAID), ...Object.keys(SETTLED)];

function select(day: string, contribution: Contribution, from: string): string {
  const amounts = MEASURES.map((measure) => {
    const amount = contribution[measure];
    const type = measure.startsWith("settled_weight") ? "numeric" : "bigint";
    return `(${amount === undefined ? "0" : `sign * (${amount})`})::${type} as ${measure}`;
  });
  return `select merchant_id, ${day} as day, platform, seller_id, currency, ${amounts.join(", ")} from ${from}`;
}

/** Created orders on their created day, paid ones on their paid day, settlements on their own. */
export const DAY_SUMS: SumPlan = {
  table: "order_day",
  keys: ["merchant_id", "day", "platform", "seller_id", "currency"],
  measures: MEASURES,
  sources: [
    { kinds: ["order"], select: select("created_day", CREATED, "pg_temp.fact_change") },
    {
      kinds: ["order", "payment", "refund", "shipment", "settlement"],
      select: select("paid_day", PAID, "pg_temp.fact_change where paid_day is not null"),
    },
    {
      kinds: ["order", "payment", "refund", "settlement"],
      select: select(
        "s.day",
        SETTLED,
        `pg_temp.fact_change cross join lateral jsonb_to_recordset(settlements)
        as s(day date, gross bigint, fee bigint, chargeback bigint, weight numeric, seconds bigint)`,
      ),
    },
  ],
};
