import type { Balance, Measure } from "../dataset/balance.js";
import { sum } from "../dataset/minor-units.js";
import type { OlistRecords } from "./olist-records.js";
import { allSales, type OrderFate, type SalesPlan } from "./plan-sales.js";

const FATES: readonly (readonly [Exclude<OrderFate, "SOLD">, string])[] = [
  ["NO_ITEMS", "not imported: orders without items"],
  ["NO_TIME", "not imported: orders without a known time"],
  ["UNKNOWN", "not imported: rows of no known order"],
];

/**
 * Table by table, what became of every row and every centavo: what landed is counted from the records themselves, what
 * did not from the rows by the fate of their order.
 */
export function reconcile(plan: SalesPlan, records: OlistRecords): Balance[] {
  return [
    reconcileOrders(plan),
    reconcileSales(plan, records),
    reconcileItems(plan, records),
    ...reconcilePayments(plan, records),
    reconcileShipments(plan, records),
    reconcileReviews(plan, records),
    reconcileSellers(plan, records),
  ];
}

function reconcileOrders(plan: SalesPlan): Balance {
  const { orders } = plan.tables;
  return {
    name: "orders",
    whole: { count: orders.length },
    parts: [{ name: "sold", count: plan.sales.size }, ...leftOver(plan, orders, undefined)],
  };
}

/** An order of several sellers is as many order records. */
function reconcileSales(plan: SalesPlan, records: OlistRecords): Balance {
  const sold = plan.tables.items.filter((item) => plan.fateOf(item.orderId) === "SOLD");
  const pairs = new Set(sold.map((item) => `${item.orderId}/${item.sellerId}`));
  return {
    name: "sellers of sold orders",
    whole: { count: pairs.size },
    parts: [{ name: "order records", count: count(records.order()) }],
  };
}

function reconcileItems(plan: SalesPlan, records: OlistRecords): Balance {
  const { items } = plan.tables;
  const worth = (item: (typeof items)[number]): number => item.priceMinor + item.freightMinor;
  let pieces = 0;
  let amountMinor = 0;
  for (const order of records.order()) {
    pieces += sum((order.lines ?? []).map((line) => line.quantity));
    amountMinor += order.totalMinor;
  }
  return {
    name: "items (price + freight)",
    whole: measure(items, worth),
    parts: [{ name: "in order records", count: pieces, amountMinor }, ...leftOver(plan, items, worth)],
  };
}

function reconcilePayments(plan: SalesPlan, records: OlistRecords): Balance[] {
  const { payments } = plan.tables;
  const worth = (payment: (typeof payments)[number]): number => payment.amountMinor;
  const sold = payments.filter((payment) => plan.fateOf(payment.orderId) === "SOLD");
  let paidMinor = 0;
  for (const order of records.order()) paidMinor += order.paidMinor ?? 0;
  const recorded = [...records.payment()];
  const cells = [...allSales(plan)].flatMap((sale) => sale.payments);
  return [
    {
      name: "payments",
      whole: measure(payments, worth),
      parts: [
        { name: "allocated to order records", count: sold.length, amountMinor: paidMinor },
        ...leftOver(plan, payments, worth),
      ],
    },
    {
      name: "sellers' parts of payments",
      whole: measure(cells, (cell) => cell.amountMinor),
      parts: [{ name: "payment records", ...measure(recorded, (record) => record.amountMinor) }],
    },
  ];
}

function reconcileShipments(plan: SalesPlan, records: OlistRecords): Balance {
  let shipped = 0;
  let unshipped = 0;
  for (const { shippedAt } of allSales(plan)) {
    if (shippedAt === undefined) unshipped += 1;
    else shipped += 1;
  }
  return {
    name: "parcels of order records",
    whole: { count: shipped + unshipped },
    parts: [
      { name: "shipment records", count: count(records.shipment()) },
      { name: "no time of dispatch", count: unshipped },
    ],
  };
}

/** A review of an order of several sellers is as many records; the rows are what must add up. */
function reconcileReviews(plan: SalesPlan, records: OlistRecords): Balance {
  const { reviews } = plan.tables;
  const rows = new Set<string>();
  for (const { reviewId, orderId = "" } of records.review())
    rows.add(`${reviewId}/${orderId.replace(/\.\d+$/, "")}`);
  return {
    name: "reviews",
    whole: { count: reviews.length },
    parts: [{ name: "in review records", count: rows.size }, ...leftOver(plan, reviews, undefined)],
  };
}

function reconcileSellers(plan: SalesPlan, records: OlistRecords): Balance {
  const selling = new Set(plan.tables.items.map((item) => item.sellerId));
  const listed = new Set(plan.tables.sellers.map((seller) => seller.sellerId));
  const idle = [...listed].filter((sellerId) => !selling.has(sellerId)).length;
  return {
    name: "sellers",
    whole: { count: new Set([...selling, ...listed]).size },
    parts: [
      { name: "account records", count: count(records.account()) },
      { name: "not imported: sellers without items", count: idle },
    ],
  };
}

type Part = Measure & { readonly name: string };

function leftOver<T extends { readonly orderId: string }>(
  plan: SalesPlan,
  rows: readonly T[],
  worth: ((row: T) => number) | undefined,
): Part[] {
  return FATES.map(([fate, name]) => ({
    name,
    ...measure(
      rows.filter((row) => plan.fateOf(row.orderId) === fate),
      worth,
    ),
  }));
}

function measure<T>(rows: readonly T[], worth: ((row: T) => number) | undefined): Measure {
  return { count: rows.length, ...(worth === undefined ? {} : { amountMinor: sum(rows.map(worth)) }) };
}

function count(records: Iterable<unknown>): number {
  let total = 0;
  for (const _ of records) total += 1;
  return total;
}
