import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DatasetError } from "../../scripts/import/dataset/read-csv.js";
import { readOlistTables } from "../../scripts/import/olist/read-tables.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "olist-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const ITEMS = "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value";
const ORDERS =
  "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date," +
  "order_delivered_customer_date,order_estimated_delivery_date";
const ORDER = "o-1,c-1,delivered,2018-05-01 10:00:00,,,,2018-05-20 00:00:00";
const ITEM = "o-1,1,p-1,s-1,2018-05-05 11:00:00,58.90,13.29";

async function table(name: string, ...lines: string[]): Promise<void> {
  await writeFile(path.join(folder, `${name}.csv.gz`), gzipSync(`${lines.join("\n")}\n`));
}

async function refusal(): Promise<string> {
  const error: unknown = await readOlistTables(folder).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(DatasetError);
  return (error as DatasetError).message;
}

it("reads what there is and says what is not", async () => {
  await table("olist_orders_dataset", ORDERS, ORDER);
  await table("olist_order_items_dataset", ITEMS, ITEM);
  const tables = await readOlistTables(folder);
  expect(tables.orders).toMatchObject([
    { orderId: "o-1", purchasedAt: "2018-05-01 10:00:00", approvedAt: undefined },
  ]);
  expect(tables.items).toMatchObject([{ priceMinor: 5890, freightMinor: 1329 }]);
  expect(tables.notes.map((note) => note.split(":")[0])).toEqual([
    "no olist_order_payments_dataset",
    "no olist_order_reviews_dataset",
    "no olist_sellers_dataset",
    "no olist_customers_dataset",
    "no olist_products_dataset",
  ]);
});

it("reads plain files, and reviews with newlines and quotes in their text", async () => {
  await table("olist_orders_dataset", ORDERS, ORDER);
  await table("olist_order_items_dataset", ITEMS, ITEM);
  const header =
    "review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date,review_answer_timestamp";
  const row = 'r-1,o-1,5,,"linha 1\n\nlinha ""2""",2018-05-10 00:00:00,2018-05-12 08:00:00';
  await writeFile(path.join(folder, "olist_order_reviews_dataset.csv"), `${header}\n${row}\n`);
  expect((await readOlistTables(folder)).reviews).toMatchObject([
    { message: 'linha 1\n\nlinha "2"', score: 5 },
  ]);
});

it("takes the all-status table where there is no orders table", async () => {
  const columns = ORDERS.replace("customer_id,", "");
  await table("orders_all_status", columns, "o-1,delivered,,2017-08-07 00:35,,,");
  await table("olist_order_items_dataset", ITEMS, ITEM);
  const tables = await readOlistTables(folder);
  expect(tables.orders).toMatchObject([
    { customerId: undefined, purchasedAt: undefined, approvedAt: "2017-08-07 00:35" },
  ]);
  expect(tables.notes[0]).toContain("orders_all_status stands in");
});

it("refuses a folder without items, a table without a column, and a row that is wrong, by name and row", async () => {
  expect(await refusal()).toContain("neither olist_orders_dataset.csv.gz nor");
  await table("olist_orders_dataset", ORDERS, ORDER);
  expect(await refusal()).toContain("neither olist_order_items_dataset.csv.gz nor");
  await table("olist_order_items_dataset", ITEMS.replace(",price", ",prize"), ITEM);
  expect(await refusal()).toMatch(/olist_order_items_dataset\.csv\.gz lacks the columns price$/);
  await table("olist_order_items_dataset", ITEMS, ITEM, ITEM.replace("58.90", "58,90"));
  expect(await refusal()).toContain("cannot read");
  await table("olist_order_items_dataset", ITEMS, ITEM, ITEM.replace("58.90", "58.905"));
  expect(await refusal()).toContain('row 3: not an amount: "58.905"');
  await table("olist_order_items_dataset", ITEMS, ITEM.replace("2018-05-05", "2018-05-35"));
  expect(await refusal()).toContain("row 2: not a local time");
});

it("refuses a table that is cut short", async () => {
  await table("olist_orders_dataset", ORDERS, ORDER);
  const whole = gzipSync(`${ITEMS}\n${ITEM}\n`);
  await writeFile(
    path.join(folder, "olist_order_items_dataset.csv.gz"),
    whole.subarray(0, whole.length - 12),
  );
  expect(await refusal()).toContain("unexpected end of file");
});
