import { createLocalTime } from "../dataset/local-time.js";
import { sum } from "../dataset/minor-units.js";
import { allocateEach } from "./allocate.js";
import {
  OLIST_ZONE,
  type OlistItem,
  type OlistOrder,
  type OlistPayment,
  type OlistTables,
} from "./olist-rows.js";

/** A payment of an order, or one seller's part of it. */
export type SalePayment = Omit<OlistPayment, "orderId">;

/** What one seller sold in one order: the unit of the order, payment, shipment and review records. All times are instants. */
export interface Sale {
  /** `order_id.n`: n counts the sellers of the order from 1, by their first item. */
  readonly saleId: string;
  readonly sellerId: string;
  readonly order: OlistOrder;
  readonly items: readonly OlistItem[];
  /** Price and freight of the items. */
  readonly totalMinor: number;
  /** The seller's parts of the order's payments, in proportion to price and freight; parts of nothing are left out. */
  readonly payments: readonly SalePayment[];
  readonly createdAt: string;
  /** Absent where the order's payments add up to nothing. */
  readonly paidAt: string | undefined;
  readonly cancelledAt: string | undefined;
  readonly shippedAt: string | undefined;
  readonly deliveredAt: string | undefined;
  readonly promisedShipAt: string;
  readonly promisedDeliveryAt: string | undefined;
}

/** What became of an order. `NO_TIME`: nothing says when it was placed. */
export type OrderFate = "SOLD" | "NO_ITEMS" | "NO_TIME" | "UNKNOWN";

export interface SalesPlan {
  readonly tables: OlistTables;
  /** By order; only those with fate `SOLD`. */
  readonly sales: ReadonlyMap<string, readonly Sale[]>;
  /** Orders whose creation rests on the approval, or with `isTimeEstimated` on the shipping limit. */
  readonly estimatedOrders: number;
  readonly instantOf: (local: string) => string;
  readonly fateOf: (orderId: string) => OrderFate;
}

interface PlanOptions {
  /** Lets the earliest shipping limit stand in for an unknown time of purchase. For load only: it is no fact. */
  readonly isTimeEstimated?: boolean;
}

/** Joins the tables into sales. Pure. */
export function planSales(tables: OlistTables, options: PlanOptions = {}): SalesPlan {
  const { instantOf } = createLocalTime(OLIST_ZONE);
  const itemsOf = groupByOrder(tables.items);
  const paymentsOf = groupByOrder(tables.payments);
  const sales = new Map<string, readonly Sale[]>();
  const fates = new Map<string, OrderFate>();
  let estimatedOrders = 0;
  for (const order of tables.orders) {
    const items = [...(itemsOf.get(order.orderId) ?? [])].sort((a, b) => a.itemNumber - b.itemNumber);
    const placedAt = placedTime(order, items, options.isTimeEstimated === true);
    const fate = items.length === 0 ? "NO_ITEMS" : placedAt === undefined ? "NO_TIME" : "SOLD";
    fates.set(order.orderId, fate);
    if (fate !== "SOLD" || placedAt === undefined) continue;
    if (placedAt !== order.purchasedAt) estimatedOrders += 1;
    const payments = [...(paymentsOf.get(order.orderId) ?? [])].sort((a, b) => a.sequence - b.sequence);
    sales.set(order.orderId, salesOf({ order, items, payments, placedAt, instantOf }));
  }
  return { tables, sales, estimatedOrders, instantOf, fateOf: (orderId) => fates.get(orderId) ?? "UNKNOWN" };
}

/** Every sale, in the order of the tables. */
export function* allSales(plan: SalesPlan): Generator<Sale> {
  for (const sales of plan.sales.values()) yield* sales;
}

interface Parts {
  readonly order: OlistOrder;
  readonly items: readonly OlistItem[];
  readonly payments: readonly OlistPayment[];
  readonly placedAt: string;
  readonly instantOf: (local: string) => string;
}

function salesOf({ order, items, payments, placedAt, instantOf }: Parts): Sale[] {
  const bySeller = new Map<string, OlistItem[]>();
  for (const item of items) bySeller.set(item.sellerId, [...(bySeller.get(item.sellerId) ?? []), item]);
  const totals = [...bySeller.values()].map((own) =>
    sum(own.map((item) => item.priceMinor + item.freightMinor)),
  );
  const cells = allocateEach(
    payments.map((payment) => payment.amountMinor),
    totals,
  );
  const isPaid = payments.some((payment) => payment.amountMinor > 0);
  const optional = (local: string | undefined): string | undefined =>
    local === undefined ? undefined : instantOf(local);
  return [...bySeller].map(([sellerId, own], index) => ({
    saleId: `${order.orderId}.${index + 1}`,
    sellerId,
    order,
    items: own,
    totalMinor: totals[index] ?? 0,
    payments: payments
      .map(({ sequence, method }, row) => ({ sequence, method, amountMinor: cells[row]?.[index] ?? 0 }))
      .filter((payment) => payment.amountMinor > 0),
    createdAt: instantOf(placedAt),
    paidAt: isPaid ? instantOf(order.approvedAt ?? placedAt) : undefined,
    cancelledAt: optional(cancelledTime(order, placedAt)),
    shippedAt: optional(order.shippedAt),
    deliveredAt: optional(order.deliveredAt),
    promisedShipAt: instantOf(own.map((item) => item.shippingLimitAt).reduce(later)),
    promisedDeliveryAt: optional(order.estimatedAt),
  }));
}

function placedTime(
  order: OlistOrder,
  items: readonly OlistItem[],
  isTimeEstimated: boolean,
): string | undefined {
  const limits = items.map((item) => item.shippingLimitAt).sort();
  return order.purchasedAt ?? order.approvedAt ?? (isTimeEstimated ? limits[0] : undefined);
}

/**
 * Olist names no time of cancellation: the last thing known of the order is the best lower bound. An `unavailable`
 * order is one that could not be filled, which ends it as a cancellation does.
 */
function cancelledTime(order: OlistOrder, placedAt: string): string | undefined {
  if (order.status !== "canceled" && order.status !== "unavailable") return undefined;
  return [order.approvedAt, order.shippedAt, order.deliveredAt].reduce<string>(
    (last, at) => later(last, at ?? last),
    placedAt,
  );
}

/** Local times are written so that text order is time order. */
function later(a: string, b: string): string {
  return a > b ? a : b;
}

function groupByOrder<T extends { readonly orderId: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.orderId);
    if (group === undefined) groups.set(row.orderId, [row]);
    else group.push(row);
  }
  return groups;
}
