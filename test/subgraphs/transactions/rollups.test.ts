import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sumsOf, type Tables } from "./oracle.js";
import type { Published } from "./order-story.js";
import { HOME, newestOf, published, RECORD_KEYS, settle } from "./published.js";
import { publishAll } from "./publish-all.js";
import { merchantOf } from "./sellers.js";
import { openStage, type Stage } from "./stage.js";

const KEYS: Readonly<Record<string, readonly string[]>> = {
  order_day: ["merchant_id", "day", "platform", "seller_id", "currency"],
  sketch_month: ["merchant_id", "month", "measure", "platform", "seller_id", "currency", "bucket"],
  dimension_month: ["merchant_id", "dimension", "month", "platform", "seller_id", "currency", "key"],
  cohort_day: ["merchant_id", "month", "platform", "seller_id", "currency", "outcome", "outcome_day"],
  receivable_month: ["merchant_id", "month", "platform", "seller_id", "currency", "state"],
  source_month: ["merchant_id", "month", "platform", "seller_id", "currency", "role", "source"],
};
let stage: Stage;
let runs = 0;

beforeAll(async () => {
  stage = await openStage("2026-11-23T04:00:00Z");
});
afterAll(() => stage.close());

async function storedSums(run: number): Promise<Tables> {
  const tables: Tables = {};
  for (const [table, keys] of Object.entries(KEYS)) {
    const { rows } = await stage.postgres.pool.query<{ row: Record<string, unknown> }>(
      `select to_jsonb(t) as row from transactions.${table} t where merchant_id = any ($1)`,
      [[merchantOf(run * 2), merchantOf(run * 2 + 1)]],
    );
    for (const { row } of rows) {
      const measures = Object.entries(row).filter(([name, value]) => !keys.includes(name) && value !== 0);
      if (measures.length === 0) continue;
      (tables[table] ??= {})[keys.map((key) => row[key]).join("|")] = Object.fromEntries(measures) as Record<
        string,
        number
      >;
    }
  }
  return tables;
}

describe("The sums kept as records come in", () => {
  it("equal a recomputation from the newest records, whatever came first, twice or again (P7)", async () => {
    const property = fc.asyncProperty(
      fc.array(published, { minLength: 10, maxLength: 60, size: "max" }),
      fc.integer({ min: 1, max: 5 }),
      async (drawn, batchMax) => {
        runs += 1;
        const events = settle(drawn, runs);
        await publishAll(stage, events, batchMax);
        expect(await storedSums(runs)).toEqual(sumsOf(newestOf(events)));
      },
    );
    await fc.assert(property, { numRuns: 12, endOnFailure: true });
  }, 300_000);

  it("are the same for every order of arrival of the same records", async () => {
    const distinct = fc.uniqueArray(published, {
      selector: (e) => `${e.platform}|${e.kind}|${e.record[RECORD_KEYS[e.kind] ?? ""]}`,
      minLength: 10,
      maxLength: 30,
      size: "max",
    });
    const shuffled = distinct.chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length }),
      ),
    );
    const property = fc.asyncProperty(shuffled, async ([one, other]) => {
      const answers: unknown[] = [];
      for (const events of [one, other]) {
        runs += 1;
        await publishAll(stage, settle(events, runs), 3);
        const text = JSON.stringify(await storedSums(runs));
        const sums = JSON.parse(
          text.replaceAll(merchantOf(runs * 2), "A").replaceAll(merchantOf(runs * 2 + 1), "B"),
        );
        answers.push(sums);
      }
      expect(answers[1]).toEqual(answers[0]);
    });
    await fc.assert(property, { numRuns: 6, endOnFailure: true });
  }, 300_000);

  it("go when the order's record moves to another merchant, and come back with it", async () => {
    runs += 1;
    const order = (of: number, totalMinor: number): Published => ({
      platform: HOME,
      kind: "order",
      record: {
        orderId: "1",
        seller: of,
        currency: "CNY",
        totalMinor,
        createdAt: "2026-05-01T00:00:00Z",
        paidAt: "2026-05-01T00:00:00Z",
      },
    });
    const paidOf = async () => {
      const days = (await storedSums(runs))["order_day"] ?? {};
      return Object.entries(days).map(([key, row]) => [key.split("|")[0], row["paid_minor"]]);
    };
    await publishAll(stage, settle([order(0, 100)], runs), 1);
    expect(await paidOf()).toEqual([[merchantOf(runs * 2), 100]]);
    await publishAll(stage, settle([order(1, 100)], runs), 1);
    expect(await paidOf()).toEqual([[merchantOf(runs * 2 + 1), 100]]);
    await publishAll(stage, settle([order(0, 70)], runs), 1);
    expect(await paidOf()).toEqual([[merchantOf(runs * 2), 70]]);
  });

  it("hold nothing of payments whose order is unknown", async () => {
    runs += 1;
    const payment: Published = {
      platform: "yinlian-pay",
      kind: "payment",
      record: {
        paymentId: "1",
        orderId: "1",
        seller: 0,
        orderPlatform: HOME,
        currency: "CNY",
        amountMinor: 5,
        paidAt: "2026-05-01T00:00:00Z",
      },
    };
    await publishAll(stage, settle([payment], runs), 1);
    expect(await storedSums(runs)).toEqual({});
  });

  it("refuse an amount beyond the bound and keep the rest of the batch", async () => {
    const of = { sellerId: `s-${merchantOf(1)}`, currency: "CNY", createdAt: "2026-05-01T00:00:00Z" };
    const report = await stage.publish(HOME, "order", [
      { ...of, orderId: "big", totalMinor: 10_000_000_000_001 },
      { ...of, orderId: "good", totalMinor: 10_000_000_000_000 },
    ]);
    expect(report).toMatchObject({
      accepted: 1,
      rejected: 1,
      rejections: [{ line: 1, pointer: "/totalMinor", code: "FEED_RECORD_INVALID" }],
    });
  });
});
