import { stat } from "node:fs/promises";
import { wallClockMs } from "../dataset/local-time.js";
import { parseMinor } from "../dataset/minor-units.js";
import { DatasetError, findTable, readAll, readCsv } from "../dataset/read-csv.js";
import type { OlistCustomer, OlistOrder, OlistTables } from "./olist-rows.js";

/** Reads a folder of Olist tables (`*.csv.gz` or `*.csv`). Only orders and items must be there. @throws DatasetError */
export async function readOlistTables(folder: string): Promise<OlistTables> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new DatasetError(`${folder} is not a folder`);
  const notes: string[] = [];
  const optional = async <T>(
    name: string,
    meaning: string,
    read: (file: string) => Promise<T>,
  ): Promise<T | undefined> => {
    const file = findTable(folder, name);
    if (file !== undefined) return read(file);
    notes.push(`no ${name}: ${meaning}`);
    return undefined;
  };
  return {
    orders: await readOrders(folder, notes),
    items: await readItems(requireTable(folder, "olist_order_items_dataset")),
    payments: (await optional("olist_order_payments_dataset", "orders count as unpaid", readPayments)) ?? [],
    reviews: (await optional("olist_order_reviews_dataset", "no reviews are imported", readReviews)) ?? [],
    sellers: (await optional("olist_sellers_dataset", "accounts carry no region", readSellers)) ?? [],
    customers:
      (await optional("olist_customers_dataset", "orders carry neither buyer nor region", readCustomers)) ??
      new Map(),
    categories:
      (await optional("olist_products_dataset", "lines carry no category", (file) =>
        readCategories(folder, file),
      )) ?? new Map(),
    notes,
  };
}

function requireTable(folder: string, name: string): string {
  const file = findTable(folder, name);
  if (file === undefined) throw new DatasetError(`${folder} has neither ${name}.csv.gz nor ${name}.csv`);
  return file;
}

const ORDER_COLUMNS = [
  "order_id",
  "order_status",
  "order_purchase_timestamp",
  "order_approved_at",
  "order_delivered_carrier_date",
  "order_delivered_customer_date",
  "order_estimated_delivery_date",
] as const;

async function readOrders(folder: string, notes: string[]): Promise<OlistOrder[]> {
  const whole = findTable(folder, "olist_orders_dataset");
  const partial = whole === undefined ? findTable(folder, "orders_all_status") : undefined;
  if (partial !== undefined) {
    notes.push("no olist_orders_dataset: orders_all_status stands in, where most orders have no times");
    return readAll(readCsv(partial, ORDER_COLUMNS, (row) => orderOf(row, undefined)));
  }
  const file = whole ?? requireTable(folder, "olist_orders_dataset");
  return readAll(
    readCsv(file, [...ORDER_COLUMNS, "customer_id"] as const, (row) => orderOf(row, row["customer_id"])),
  );
}

function orderOf(
  row: Readonly<Record<(typeof ORDER_COLUMNS)[number], string>>,
  customerId: string | undefined,
): OlistOrder {
  return {
    orderId: requireText(row.order_id, "order_id"),
    customerId,
    status: row.order_status,
    purchasedAt: optionalTime(row.order_purchase_timestamp),
    approvedAt: optionalTime(row.order_approved_at),
    shippedAt: optionalTime(row.order_delivered_carrier_date),
    deliveredAt: optionalTime(row.order_delivered_customer_date),
    estimatedAt: optionalTime(row.order_estimated_delivery_date),
  };
}

async function readItems(file: string): Promise<OlistTables["items"]> {
  const columns = [
    "order_id",
    "order_item_id",
    "product_id",
    "seller_id",
    "shipping_limit_date",
    "price",
    "freight_value",
  ] as const;
  return readAll(
    readCsv(file, columns, (row) => ({
      orderId: requireText(row.order_id, "order_id"),
      itemNumber: parseCount(row.order_item_id),
      productId: requireText(row.product_id, "product_id"),
      sellerId: requireText(row.seller_id, "seller_id"),
      shippingLimitAt: requireTime(row.shipping_limit_date),
      priceMinor: parseMinor(row.price),
      freightMinor: parseMinor(row.freight_value),
    })),
  );
}

async function readPayments(file: string): Promise<OlistTables["payments"]> {
  const columns = ["order_id", "payment_sequential", "payment_type", "payment_value"] as const;
  return readAll(
    readCsv(file, columns, (row) => ({
      orderId: requireText(row.order_id, "order_id"),
      sequence: parseCount(row.payment_sequential),
      method: requireText(row.payment_type, "payment_type"),
      amountMinor: parseMinor(row.payment_value),
    })),
  );
}

async function readReviews(file: string): Promise<OlistTables["reviews"]> {
  const columns = [
    "review_id",
    "order_id",
    "review_score",
    "review_comment_title",
    "review_comment_message",
    "review_answer_timestamp",
  ] as const;
  return readAll(
    readCsv(file, columns, (row) => ({
      reviewId: requireText(row.review_id, "review_id"),
      orderId: requireText(row.order_id, "order_id"),
      score: parseCount(row.review_score),
      title: row.review_comment_title,
      message: row.review_comment_message,
      answeredAt: requireTime(row.review_answer_timestamp),
    })),
  );
}

async function readSellers(file: string): Promise<OlistTables["sellers"]> {
  return readAll(
    readCsv(file, ["seller_id", "seller_city", "seller_state"] as const, (row) => ({
      sellerId: requireText(row.seller_id, "seller_id"),
      city: row.seller_city,
      state: row.seller_state,
    })),
  );
}

async function readCustomers(file: string): Promise<OlistTables["customers"]> {
  const customers = new Map<string, OlistCustomer>();
  const columns = ["customer_id", "customer_unique_id", "customer_state"] as const;
  for await (const row of readCsv(file, columns, (read) => read)) {
    customers.set(row.customer_id, { uniqueId: row.customer_unique_id, state: row.customer_state });
  }
  return customers;
}

async function readCategories(folder: string, file: string): Promise<ReadonlyMap<string, string>> {
  const english = new Map<string, string>();
  const translation = findTable(folder, "product_category_name_translation");
  if (translation !== undefined) {
    const columns = ["product_category_name", "product_category_name_english"] as const;
    for await (const row of readCsv(translation, columns, (read) => read)) {
      english.set(row.product_category_name, row.product_category_name_english);
    }
  }
  const categories = new Map<string, string>();
  for await (const row of readCsv(file, ["product_id", "product_category_name"] as const, (read) => read)) {
    const name = row.product_category_name;
    if (name !== "") categories.set(row.product_id, english.get(name) ?? name);
  }
  return categories;
}

function requireText(text: string, column: string): string {
  if (text === "") throw new RangeError(`${column} is empty`);
  return text;
}

function optionalTime(text: string): string | undefined {
  return text === "" ? undefined : requireTime(text);
}

function requireTime(text: string): string {
  wallClockMs(text);
  return text;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new RangeError(`not a count: ${JSON.stringify(text)}`);
  return Number(text);
}
