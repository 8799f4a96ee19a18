import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import { createOrderFacts } from "../../../subgraphs/transactions/facts/apply-change.js";
import { merchantOf } from "./sellers.js";
import { openStage, type Stage } from "./stage.js";

const HOME = "taoyuan-market";
const MERCHANT = merchantOf(1);
const ORDER = {
  sellerId: "s-1",
  orderId: "o-1",
  currency: "CNY",
  totalMinor: 100,
  createdAt: "2026-05-01T00:00:00Z",
};
const PAYMENT = {
  sellerId: "p-1",
  orderId: "o-1",
  orderPlatform: HOME,
  currency: "CNY",
  amountMinor: 90,
  paidAt: "2026-05-01T00:00:00Z",
};

let stage: Stage;

beforeAll(async () => {
  stage = await openStage("2026-11-23T04:00:00Z");
});
afterAll(() => stage.close());

const owner = createOrderFacts();

/** Opens a transaction and stages one record in it. */
async function begin(change: {
  kind: FeedKind;
  platform: string;
  key: string;
  payload: object;
}): Promise<pg.PoolClient> {
  const client = await stage.postgres.pool.connect();
  await client.query(`begin; create temporary table staged (merchant_id text, platform text, kind text, record_key text,
    payload jsonb, changed boolean) on commit drop`);
  await client.query("insert into staged values ($1, $2, $3, $4, $5, false)", [
    MERCHANT,
    change.platform,
    change.kind,
    change.key,
    JSON.stringify(change.payload),
  ]);
  return client;
}

const apply = (client: pg.PoolClient, kind: FeedKind, platform: string) =>
  owner.apply(client, { kind, platform, batchId: "b", stagingTable: "staged" });

describe("Two batches that speak of one order at the same time", () => {
  it("do not miss each other: the second waits for the first and sees it", async () => {
    const market = await begin({ kind: "order", platform: HOME, key: "o-1", payload: ORDER });
    const payer = await begin({ kind: "payment", platform: "yinlian-pay", key: "p-1", payload: PAYMENT });
    try {
      await apply(market, "order", HOME);
      let isDone = false;
      const second = apply(payer, "payment", "yinlian-pay").then(() => (isDone = true));
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(isDone).toBe(false);
      await market.query("commit");
      await second;
      await payer.query("commit");
    } finally {
      market.release();
      payer.release();
    }
    const { rows } = await stage.postgres.pool.query(
      "select created_orders, paid_orders, paid_minor from transactions.order_day",
    );
    expect(rows).toEqual([{ created_orders: 1, paid_orders: 1, paid_minor: 90 }]);
  });
});
