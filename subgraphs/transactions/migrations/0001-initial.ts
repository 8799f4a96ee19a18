import { type Kysely, sql } from "kysely";
import { feedTables } from "../../host/feeds/feed-tables.js";

/**
 * Raw records (feed_*), their newest state by order (order_head, order_part), what is known of each order (order_fact),
 * and the sums that profiles are read from. All but platform_prior begin their key with the merchant. Amounts are minor
 * units; days are those of the order's own zone; months are the first day of the month.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await feedTables("transactions")(db);
  for (const statement of [...ORDER_TABLES, ...SUM_TABLES, PRIOR_TABLE]) await sql.raw(statement).execute(db);
}

const ORDER_TABLES = [
  // One row a merchant: taken in order of the merchant, it lets one batch at a time change a merchant's sums.
  `create table transactions.merchant_revision (
    merchant_id text primary key,
    revision bigint not null
  )`,
  `create table transactions.order_head (
    merchant_id text not null,
    platform text not null,
    order_id text not null,
    currency text not null,
    total_minor bigint not null,
    created_at timestamptz not null,
    paid_at timestamptz,
    paid_minor bigint,
    promised_ship_at timestamptz,
    promised_delivery_at timestamptz,
    cancelled_at timestamptz,
    confirmed_at timestamptz,
    buyer text,
    region text,
    products jsonb not null,
    zone text not null,
    primary key (merchant_id, platform, order_id)
  )`,
  // Payments, refunds, shipments and settlements; happened_at is when it was paid, refunded, shipped or settled.
  `create table transactions.order_part (
    merchant_id text not null,
    platform text not null,
    kind text not null,
    record_key text not null,
    order_platform text not null,
    order_id text not null,
    currency text,
    amount_minor bigint,
    fee_minor bigint,
    chargeback_minor bigint,
    happened_at timestamptz,
    delivered_at timestamptz,
    promised_ship_at timestamptz,
    promised_delivery_at timestamptz,
    has_tracking boolean not null,
    primary key (merchant_id, platform, kind, record_key)
  )`,
  "create index order_part_order on transactions.order_part (merchant_id, order_platform, order_id)",
  `create table transactions.order_fact (
    merchant_id text not null,
    platform text not null,
    order_id text not null,
    currency text not null,
    created_day date not null,
    total_minor bigint not null,
    paid_day date,
    paid_minor bigint not null,
    level smallint not null,
    pre_ship_cancelled boolean not null,
    cancelled boolean not null,
    cancelled_minor bigint not null,
    refunded_minor bigint not null,
    lost_awaiting_minor bigint not null,
    lost_shipped_minor bigint not null,
    lost_delivered_minor bigint not null,
    lost_confirmed_minor bigint not null,
    state text not null,
    settled boolean not null,
    is_shipped boolean not null,
    is_tracked boolean not null,
    ship_on_time boolean,
    delivery_on_time boolean,
    outcome text,
    outcome_day date,
    pay_to_ship bigint,
    ship_to_deliver bigint,
    deliver_to_confirm bigint,
    confirm_to_settle bigint,
    settlements jsonb not null,
    sources text[] not null,
    buyer text,
    region text,
    products jsonb not null,
    primary key (merchant_id, platform, order_id)
  )`,
];

const SUM_TABLES = [
  // created_* by created day, settle* by settled day (cash), the rest by paid day (cohort).
  `create table transactions.order_day (
    merchant_id text not null,
    day date not null,
    platform text not null,
    currency text not null,
    created_orders bigint not null default 0,
    created_minor bigint not null default 0,
    paid_orders bigint not null default 0,
    paid_minor bigint not null default 0,
    paid_second_minor bigint not null default 0,
    paid_third_minor bigint not null default 0,
    pre_ship_cancelled_orders bigint not null default 0,
    cancelled_minor bigint not null default 0,
    refunded_orders bigint not null default 0,
    refunded_minor bigint not null default 0,
    ship_promised_orders bigint not null default 0,
    ship_on_time_orders bigint not null default 0,
    delivery_promised_orders bigint not null default 0,
    delivery_on_time_orders bigint not null default 0,
    shipped_orders bigint not null default 0,
    tracked_orders bigint not null default 0,
    settlements bigint not null default 0,
    settled_gross_minor bigint not null default 0,
    settled_fee_minor bigint not null default 0,
    settled_chargeback_minor bigint not null default 0,
    settled_weight numeric not null default 0,
    settled_weight_seconds numeric not null default 0,
    primary key (merchant_id, day, platform, currency)
  )`,
  `create table transactions.sketch_month (
    merchant_id text not null,
    month date not null,
    measure text not null,
    platform text not null,
    currency text not null,
    bucket int not null,
    n bigint not null,
    primary key (merchant_id, month, measure, platform, currency, bucket)
  )`,
  `create table transactions.dimension_month (
    merchant_id text not null,
    dimension text not null,
    month date not null,
    platform text not null,
    currency text not null,
    key text not null,
    orders bigint not null,
    amount_minor bigint not null,
    primary key (merchant_id, dimension, month, platform, currency, key)
  )`,
  `create table transactions.cohort_day (
    merchant_id text not null,
    month date not null,
    platform text not null,
    currency text not null,
    outcome text not null,
    outcome_day date not null,
    orders bigint not null,
    amount_minor bigint not null,
    refunded_orders bigint not null,
    refunded_minor bigint not null,
    lost_awaiting_minor bigint not null,
    lost_shipped_minor bigint not null,
    lost_delivered_minor bigint not null,
    lost_confirmed_minor bigint not null,
    primary key (merchant_id, month, platform, currency, outcome, outcome_day)
  )`,
  `create table transactions.receivable_month (
    merchant_id text not null,
    month date not null,
    platform text not null,
    currency text not null,
    state text not null,
    orders bigint not null,
    amount_minor bigint not null,
    primary key (merchant_id, month, platform, currency, state)
  )`,
  `create table transactions.source_month (
    merchant_id text not null,
    month date not null,
    currency text not null,
    role text not null,
    source text not null,
    n bigint not null,
    primary key (merchant_id, month, currency, role, source)
  )`,
];

// Refund chances of all merchants of a platform; a reference table, written by batch work only.
const PRIOR_TABLE = `create table transactions.platform_prior (
  platform text primary key,
  merchants int not null,
  orders bigint not null,
  awaiting_ship double precision not null,
  shipped double precision not null,
  delivered double precision not null,
  confirmed double precision not null,
  refreshed_at timestamptz not null
)`;
