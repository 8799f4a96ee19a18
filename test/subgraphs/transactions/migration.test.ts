import fc from "fast-check";
import type { Migration } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrateSchema, type Postgres } from "../../../foundation/postgres.js";
import { transactionsMigrations } from "../../../subgraphs/transactions/index.js";
import { createTestDatabase } from "../../support/database.js";
import { publishAll } from "./publish-all.js";
import { HOME, published, settle } from "./published.js";
import { sell } from "./sell.js";
import { merchantOf } from "./sellers.js";
import { openStage, type Stage } from "./stage.js";

const SUMS = {
  order_day: "merchant_id, day, platform, currency",
  sketch_month: "merchant_id, month, measure, platform, currency, bucket",
  dimension_month: "merchant_id, dimension, month, platform, currency, key",
  cohort_day: "merchant_id, month, platform, currency, outcome, outcome_day",
  receivable_month: "merchant_id, month, platform, currency, state",
  source_month: "merchant_id, month, currency, role, source",
} as const;
const SEED = 20_261_124;

let stage: Stage;

beforeAll(async () => {
  stage = await openStage("2026-11-23T04:00:00Z");
});
afterAll(() => stage.close());

type Row = Record<string, unknown>;
const run = async (text: string) => (await stage.postgres.pool.query<Row>(text)).rows;

/** The columns of all tables, and the keys and indexes, as text. */
async function formOf(postgres: Postgres): Promise<unknown[]> {
  const { rows } = await postgres.pool.query(`select table_name, column_name, data_type, is_nullable
      from information_schema.columns where table_schema = 'transactions'
    union all select tablename, indexname, indexdef, '' from pg_indexes where schemaname = 'transactions' order by 1, 2`);
  return rows;
}

/** Takes the schema back to what the first migration made of the same records. */
async function undoAccounts(): Promise<void> {
  const client = await stage.postgres.pool.connect();
  const run = async (text: string) => (await client.query<Row>(text)).rows;
  for (const [table, key] of Object.entries(SUMS)) {
    const measures = (
      await run(`select attname from pg_attribute where attrelid = 'transactions.${table}'::regclass and attnum > 0
        and not attisdropped and attname not in ('platform', 'seller_id', ${key
          .split(", ")
          .map((column) => `'${column}'`)
          .join(", ")})`)
    ).map(({ attname }) => attname as string);
    const added = table === "source_month" ? ["platform", "seller_id"] : ["seller_id"];
    const sums = measures.map((measure) => `sum(${measure}) as ${measure}`).join(", ");
    await run(
      `create temporary table kept as select ${key}, ${sums} from transactions.${table} group by ${key}`,
    );
    await run(`truncate transactions.${table}`);
    await run(`alter table transactions.${table} drop constraint ${table}_pkey, ${added.map((column) => `drop column ${column}`).join(", ")},
      add primary key (${key})`);
    await run(
      `insert into transactions.${table} (${key}, ${measures.join(", ")}) select ${key}, ${measures.join(", ")} from kept`,
    );
    await run("drop table kept");
  }
  await run(
    `drop index transactions.order_head_listed, transactions.order_part_payout, transactions.order_part_shipment`,
  );
  await run("alter table transactions.order_head drop column seller_id");
  await run("alter table transactions.order_part drop column seller_id");
  await run(`alter table transactions.order_fact drop column seller_id, drop column paid_at, drop column shipped_at,
    drop column delivered_at, drop column settled_at`);
  await run("drop table transactions.record_secret");
  await run("delete from transactions.migration where name = '0002-accounts'");
  client.release();
}

/** Every row of the tables that the migration touches; sums of zero, which only history leaves, are left out. */
async function snapshot(): Promise<Record<string, unknown[]>> {
  const tables: Record<string, unknown[]> = {};
  for (const table of ["order_head", "order_part", "order_fact", ...Object.keys(SUMS)]) {
    const rows = await run(`select to_jsonb(t) as row from transactions.${table} t`);
    const keys = new Set([
      "merchant_id",
      "day",
      "month",
      "platform",
      "seller_id",
      "currency",
      "key",
      "state",
      "role",
      "source",
    ]);
    const isSum = table in SUMS;
    tables[table] = rows
      .map(({ row }) => row as Record<string, unknown>)
      .filter(
        (row) =>
          !isSum ||
          Object.entries(row).some(
            ([name, value]) =>
              !keys.has(name) && typeof value === "number" && value !== 0 && name !== "bucket",
          ),
      )
      .map((row) => JSON.stringify(row, Object.keys(row).sort()))
      .sort();
  }
  return tables;
}

describe(`The migration to accounts (seed ${SEED})`, () => {
  it("makes of an older database what loading the same records today makes", async () => {
    const [drawn = []] = fc.sample(fc.array(published, { minLength: 220, maxLength: 220 }), {
      seed: SEED,
      numRuns: 1,
    });
    await publishAll(stage, settle(drawn, 1), 5);
    await sell(stage, { merchant: merchantOf(9), prefix: "a", count: 40, start: "2026-09-01T00:00:00Z" });
    await sell(stage, {
      merchant: merchantOf(9),
      shop: "-b",
      prefix: "b",
      count: 25,
      start: "2026-09-01T00:00:00Z",
    });
    const today = await snapshot();
    for (const [table, rows] of Object.entries(today)) expect(rows.length, table).toBeGreaterThan(0);
    const file = `transactions(window: { months: 12 }) { gmvPaid { amount { minor } } concentration { keyCount } }
      logistics(window: { months: 12 }) { payToShip { p50 p90 } }`;
    const before = await stage.ask([{ merchant: merchantOf(9) }], file);

    await undoAccounts();
    const older = await createTestDatabase();
    const { "0001-initial": initial } = transactionsMigrations;
    await migrateSchema(older.open(), "transactions", { "0001-initial": initial as Migration });
    expect(await formOf(stage.postgres)).toEqual(await formOf(older.open()));
    await older.drop();
    expect(await migrateSchema(stage.postgres, "transactions", transactionsMigrations)).toEqual([
      "0002-accounts",
    ]);

    const migrated = await snapshot();
    for (const [table, rows] of Object.entries(today)) expect(migrated[table], table).toEqual(rows);
    expect(await stage.ask([{ merchant: merchantOf(9) }], file)).toEqual(before);
    const shop = await stage.ask(
      [{ merchant: merchantOf(9), accounts: [{ platform: HOME, sellerId: `s-${merchantOf(9)}-b` }] }],
      "transactions(window: { months: 12 }) { orderCount { value } }",
    );
    expect(shop.data).toMatchObject({ _entities: [{ transactions: { orderCount: { value: 25 } } }] });
  }, 300_000);

  it("goes on from there: later records change the migrated sums as they would have", async () => {
    const [drawn = []] = fc.sample(fc.array(published, { minLength: 80, maxLength: 80 }), {
      seed: SEED + 1,
      numRuns: 1,
    });
    const late = settle(drawn, 1);
    await undoAccounts();
    await migrateSchema(stage.postgres, "transactions", transactionsMigrations);
    await publishAll(stage, late, 5);
    const kept = await snapshot();
    await undoAccounts();
    await migrateSchema(stage.postgres, "transactions", transactionsMigrations);
    expect(await snapshot()).toEqual(kept);
  }, 300_000);
});
