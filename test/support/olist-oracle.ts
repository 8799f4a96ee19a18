/**
 * What the profiles of the three largest Olist sellers must say, computed a second time straight from the CSV files:
 * no code of the product is used, so that an error of the import or of a metric cannot hide in both.
 *
 * Definitions. A sale is one (order, seller) pair. All amounts are centavos of BRL.
 * - allocated: an order's payments, summed, split among its sellers in proportion to price + freight, largest remainder
 *   first (ties to the seller of the earlier item); largest means the largest sum of it over all sales.
 * - paid sale: the order's payments add up to more than zero; paid at its approval, or its purchase where none is noted.
 * - month: the calendar month in Sao Paulo of that instant, which is the local text as the file has it.
 * - createdCount: all sales. orderCount: paid sales. gmvPaid: allocated, over paid sales, cancelled ones included.
 * - gmvGross: price + freight, over all sales, by the time of purchase.
 * - averageOrderValue = gmvPaid / orderCount; medianOrderValue: of allocated, the mean of the middle two where even.
 * - cancelledCount: sales whose order is `canceled` or `unavailable`.
 * - onTimeDeliveryRate: delivered parcels (dispatch and delivery noted) delivered no later than the estimate as written
 *   (midnight at the start of the day) / delivered parcels. onTimeShipRate: parcels dispatched no later than the latest
 *   shipping limit of the seller's items / dispatched parcels.
 * - payToShip, shipToDeliver: hours between instants, P50 and P90 as the value at rank q (n - 1), rounded down, over
 *   spans of zero or more; `negative` counts the spans left out.
 * - reviews: rows of the review table of the seller's orders; mean score; share of scores 1 and 2.
 * - topProductShare: the largest product's prices / all prices, over paid sales.
 * - buyerRepeatRate: persons (customer_unique_id) with two or more paid sales / persons with one or more.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";

/** Where the data stands beside the repository; it is never part of it. */
export const OLIST_SAMPLE = path.resolve(import.meta.dirname, "../../../shared/data/olist/sample-8k");
export const hasOlistSample = existsSync(path.join(OLIST_SAMPLE, "olist_orders_dataset.csv.gz"));

export interface OracleMonth {
  /** YYYY-MM. */
  readonly month: string;
  readonly orderCount: number;
  readonly gmvPaidMinor: number;
}

export interface OracleSpan {
  readonly p50: number;
  readonly p90: number;
  readonly n: number;
  readonly negative: number;
}

export interface OracleSeller {
  readonly sellerId: string;
  readonly createdCount: number;
  readonly orderCount: number;
  readonly cancelledCount: number;
  readonly gmvGrossMinor: number;
  readonly gmvPaidMinor: number;
  readonly averageOrderValueMinor: number;
  readonly medianOrderValueMinor: number;
  /** The lower of the middle two where even. */
  readonly medianOrderValueLowMinor: number;
  /** Months with paid sales, oldest first. */
  readonly months: readonly OracleMonth[];
  readonly shippedCount: number;
  readonly deliveredCount: number;
  readonly onTimeShipRate: number;
  readonly onTimeDeliveryRate: number;
  readonly payToShip: OracleSpan;
  readonly shipToDeliver: OracleSpan;
  readonly reviewCount: number;
  readonly reviewMean: number;
  readonly reviewNegativeShare: number;
  readonly topProductShare: number;
  readonly buyerCount: number;
  readonly buyerRepeatRate: number;
}

type Row = Readonly<Record<string, string>>;

interface OracleSale {
  readonly order: Row;
  readonly items: readonly Row[];
  readonly totalMinor: number;
  readonly allocatedMinor: number;
  readonly isPaid: boolean;
  readonly buyer: string;
}

/** The three largest sellers, largest first. */
export function largestOlistSellers(folder: string = OLIST_SAMPLE): OracleSeller[] {
  const sales = readSales(folder);
  const reviews = groupRows(read(folder, "olist_order_reviews_dataset"), "order_id");
  const allocated = (own: readonly OracleSale[]): number =>
    own.reduce((sum, sale) => sum + sale.allocatedMinor, 0);
  return [...sales]
    .sort(([, a], [, b]) => allocated(b) - allocated(a))
    .slice(0, 3)
    .map(([sellerId, own]) => describe(sellerId, own, reviews));
}

function describe(
  sellerId: string,
  sales: readonly OracleSale[],
  reviewsOf: ReadonlyMap<string, Row[]>,
): OracleSeller {
  const paid = sales.filter((sale) => sale.isPaid);
  const allocated = paid.map((sale) => sale.allocatedMinor);
  const gmvPaidMinor = total(allocated);
  const shipped = sales.filter(({ order }) => text(order, "order_delivered_carrier_date") !== "");
  const delivered = shipped.filter(({ order }) => text(order, "order_delivered_customer_date") !== "");
  const onTime = delivered.filter(
    ({ order }) =>
      text(order, "order_delivered_customer_date") <= text(order, "order_estimated_delivery_date"),
  );
  const onTimeShip = shipped.filter(({ order, items }) =>
    items.some((item) => text(order, "order_delivered_carrier_date") <= text(item, "shipping_limit_date")),
  );
  const buyers = countBy(paid.map((sale) => [sale.buyer, 1]));
  const products = countBy(
    paid.flatMap((sale) => sale.items.map((item) => [text(item, "product_id"), cents(text(item, "price"))])),
  );
  return {
    sellerId,
    createdCount: sales.length,
    orderCount: paid.length,
    cancelledCount: sales.filter(({ order }) =>
      ["canceled", "unavailable"].includes(text(order, "order_status")),
    ).length,
    gmvGrossMinor: total(sales.map((sale) => sale.totalMinor)),
    gmvPaidMinor,
    averageOrderValueMinor: gmvPaidMinor / paid.length,
    medianOrderValueMinor: percentile(allocated, 0.5),
    medianOrderValueLowMinor: lowerRank(allocated, 0.5),
    months: monthsOf(paid),
    shippedCount: shipped.length,
    deliveredCount: delivered.length,
    onTimeShipRate: onTimeShip.length / shipped.length,
    onTimeDeliveryRate: onTime.length / delivered.length,
    payToShip: spanOf(
      shipped
        .filter((sale) => sale.isPaid)
        .map(({ order }) => [paidTime(order), text(order, "order_delivered_carrier_date")]),
    ),
    shipToDeliver: spanOf(
      delivered.map(({ order }) => [
        text(order, "order_delivered_carrier_date"),
        text(order, "order_delivered_customer_date"),
      ]),
    ),
    ...reviewsOfSales(sales, reviewsOf),
    topProductShare: Math.max(...products.values()) / total([...products.values()]),
    buyerCount: buyers.size,
    buyerRepeatRate: [...buyers.values()].filter((count) => count >= 2).length / buyers.size,
  };
}

function reviewsOfSales(
  sales: readonly OracleSale[],
  reviewsOf: ReadonlyMap<string, Row[]>,
): Pick<OracleSeller, "reviewCount" | "reviewMean" | "reviewNegativeShare"> {
  const scores = sales
    .flatMap(({ order }) => reviewsOf.get(order["order_id"] ?? "") ?? [])
    .map((row) => Number(row["review_score"]));
  return {
    reviewCount: scores.length,
    reviewMean: total(scores) / scores.length,
    reviewNegativeShare: scores.filter((score) => score <= 2).length / scores.length,
  };
}

/** Sales by seller. */
function readSales(folder: string): Map<string, OracleSale[]> {
  const itemsOf = groupRows(read(folder, "olist_order_items_dataset"), "order_id");
  const paymentsOf = groupRows(read(folder, "olist_order_payments_dataset"), "order_id");
  const buyers = new Map(
    read(folder, "olist_customers_dataset").map((row) => [
      text(row, "customer_id"),
      text(row, "customer_unique_id"),
    ]),
  );
  const sales = new Map<string, OracleSale[]>();
  for (const order of read(folder, "olist_orders_dataset")) {
    const items = [...(itemsOf.get(text(order, "order_id")) ?? [])].sort(
      (a, b) => Number(a["order_item_id"]) - Number(b["order_item_id"]),
    );
    const bySeller = groupRows(items, "seller_id");
    const totals = [...bySeller.values()].map((own) =>
      total(own.map((item) => cents(text(item, "price")) + cents(text(item, "freight_value")))),
    );
    const paidMinor = total(
      (paymentsOf.get(text(order, "order_id")) ?? []).map((row) => cents(text(row, "payment_value"))),
    );
    const parts = split(paidMinor, totals);
    [...bySeller].forEach(([sellerId, own], index) => {
      const buyer = buyers.get(text(order, "customer_id")) ?? "";
      const sale = {
        order,
        items: own,
        totalMinor: totals[index] ?? 0,
        allocatedMinor: parts[index] ?? 0,
        isPaid: paidMinor > 0,
        buyer,
      };
      sales.set(sellerId, [...(sales.get(sellerId) ?? []), sale]);
    });
  }
  return sales;
}

/** Largest remainder. Amounts here stay far below 2^53 / 100, so plain numbers are exact. */
function split(amount: number, weights: readonly number[]): number[] {
  const whole = total(weights);
  const parts = weights.map((weight) => Math.floor((amount * weight) / whole));
  const order = weights
    .map((weight, index) => ({ index, rest: (amount * weight) % whole }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (const { index } of order.slice(0, amount - total(parts))) parts[index] = (parts[index] ?? 0) + 1;
  return parts;
}

function monthsOf(paid: readonly OracleSale[]): OracleMonth[] {
  const byMonth = new Map<string, { orderCount: number; gmvPaidMinor: number }>();
  for (const { order, allocatedMinor } of paid) {
    const month = paidTime(order).slice(0, 7);
    const row = byMonth.get(month) ?? { orderCount: 0, gmvPaidMinor: 0 };
    byMonth.set(month, { orderCount: row.orderCount + 1, gmvPaidMinor: row.gmvPaidMinor + allocatedMinor });
  }
  return [...byMonth].map(([month, row]) => ({ month, ...row })).sort((a, b) => (a.month < b.month ? -1 : 1));
}

function paidTime(order: Row): string {
  return text(order, "order_approved_at") || text(order, "order_purchase_timestamp");
}

/** Brazilian summer time in the years of the data, in local time: [first moment, last moment). Then UTC-2, else UTC-3. */
const SUMMERS = [
  ["2016-10-16 00:00:00", "2017-02-19 00:00:00"],
  ["2017-10-15 00:00:00", "2018-02-18 00:00:00"],
  ["2018-11-04 00:00:00", "2019-02-17 00:00:00"],
] as const;

function utcMs(local: string): number {
  const isSummer = SUMMERS.some(([from, until]) => local >= from && local < until);
  return Date.parse(`${local.replace(" ", "T")}${isSummer ? "-02:00" : "-03:00"}`);
}

function spanOf(pairs: readonly (readonly [string, string])[]): OracleSpan {
  const hours = pairs.map(([from, until]) => (utcMs(until) - utcMs(from)) / 3_600_000);
  const kept = hours.filter((span) => span >= 0);
  return {
    p50: lowerRank(kept, 0.5),
    p90: lowerRank(kept, 0.9),
    n: kept.length,
    negative: hours.length - kept.length,
  };
}

function percentile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = fraction * (sorted.length - 1);
  const low = sorted[Math.floor(rank)] ?? Number.NaN;
  const high = sorted[Math.ceil(rank)] ?? Number.NaN;
  return low + (high - low) * (rank - Math.floor(rank));
}

/** The value at rank q (n - 1), rounded down. */
function lowerRank(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(fraction * (sorted.length - 1))] ?? Number.NaN;
}

function countBy(pairs: readonly (readonly [string, number])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [key, count] of pairs) counts.set(key, (counts.get(key) ?? 0) + count);
  return counts;
}

function groupRows(rows: readonly Row[], column: string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(text(row, column));
    if (group === undefined) groups.set(text(row, column), [row]);
    else group.push(row);
  }
  return groups;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function cents(amount: string): number {
  return Math.round(Number(amount) * 100);
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (value === undefined) throw new Error(`no column ${column}`);
  return value;
}

function read(folder: string, table: string): Row[] {
  const csv = gunzipSync(readFileSync(path.join(folder, `${table}.csv.gz`)));
  return parse<Row>(csv, { columns: true, bom: true });
}
