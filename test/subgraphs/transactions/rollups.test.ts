import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import { pseudonymOf } from "../../../subgraphs/host/feeds/pseudonymize.js";
import { type Published, sumsOf } from "./oracle.js";
import { merchantOf, openStage, type Stage } from "./stage.js";

const KEYS: Readonly<Record<string, readonly string[]>> = {
  order_day: ["merchant_id", "day", "platform", "currency"],
  sketch_month: ["merchant_id", "month", "measure", "platform", "currency", "bucket"],
  dimension_month: ["merchant_id", "dimension", "month", "platform", "currency", "key"],
  cohort_day: ["merchant_id", "month", "platform", "currency", "outcome", "outcome_day"],
  receivable_month: ["merchant_id", "month", "platform", "currency", "state"],
  source_month: ["merchant_id", "month", "currency", "role", "source"],
};
const RECORD_KEYS: Readonly<Record<string, string>> = {
  order: "orderId",
  payment: "paymentId",
  refund: "refundId",
  shipment: "shipmentId",
  settlement: "settlementId",
};
const HOME = "taoyuan-market";
const MARKETS = [HOME, "other-market"];
const START = Date.parse("2026-03-30T00:00:00Z");

let stage: Stage;
let runs = 0;

beforeAll(async () => {
  stage = await openStage("2026-11-23T04:00:00Z");
});
afterAll(() => stage.close());

const instant = fc
  .integer({ min: 0, max: 24 * 70 })
  .map((hours) => new Date(START + hours * 3_600_000).toISOString());
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const amount = fc.integer({ min: 0, max: 400 });
const currency = fc.constantFrom(...Array.from({ length: 9 }, () => "CNY"), "USD");
const id = fc.constantFrom("1", "2", "3");
const seller = fc.constantFrom(...Array.from({ length: 9 }, () => 0), 1);
// Few orders with many records each: most of what can go wrong is in how the records of one order meet.
const orderId = fc.constantFrom("1", "1", "1", "2");
const orderPlatform = fc.constantFrom(HOME, HOME, HOME, HOME, undefined, "other-market");
const ofOrder = { orderId, seller, orderPlatform };

const published = fc.oneof(
  {
    weight: 3,
    arbitrary: event("order", [HOME, HOME, HOME, "other-market"], {
      orderId,
      seller,
      buyerId: maybe(id),
      currency,
      totalMinor: amount,
      createdAt: instant,
      paidAt: maybe(instant),
      promisedShipAt: maybe(instant),
      promisedDeliveryAt: maybe(instant),
      cancelledAt: fc.oneof(fc.constant(undefined), fc.constant(undefined), instant),
      confirmedAt: maybe(instant),
      region: maybe(id),
      zone: maybe(fc.constantFrom("America/Sao_Paulo", "UTC")),
      lines: maybe(
        fc.array(fc.record({ productId: id, quantity: fc.constant(1), amountMinor: amount }), {
          maxLength: 3,
        }),
      ),
    }),
  },
  event("payment", [...MARKETS, "yinlian-pay"], {
    paymentId: id,
    ...ofOrder,
    currency,
    amountMinor: amount,
    paidAt: instant,
  }),
  event("refund", [...MARKETS, "yinlian-pay"], {
    refundId: id,
    ...ofOrder,
    type: fc.constant("REFUND_ONLY"),
    currency,
    amountMinor: amount,
    requestedAt: instant,
    refundedAt: maybe(instant),
  }),
  event("shipment", [...MARKETS, "shunda-express"], {
    shipmentId: id,
    ...ofOrder,
    trackingNumber: maybe(id),
    shippedAt: instant,
    deliveredAt: maybe(instant),
    promisedShipAt: maybe(instant),
    promisedDeliveryAt: maybe(instant),
  }),
  event("settlement", [...MARKETS, "yinlian-pay"], {
    settlementId: id,
    ...ofOrder,
    currency,
    grossMinor: amount,
    feeMinor: amount,
    chargebackMinor: maybe(amount),
    settledAt: instant,
  }),
);

function event(
  kind: string,
  platforms: readonly string[],
  fields: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<Published> {
  return fc.record({
    platform: fc.constantFrom(...platforms),
    kind: fc.constant(kind),
    record: fc.record(fields),
  });
}

/** Names of this run only: each run has merchants and records of its own. */
function settle(events: readonly Published[], run: number): Published[] {
  return events.map(({ platform, kind, record: { seller: of, ...fields } }) => {
    const record = { ...fields, sellerId: `s-${merchantOf(run * 2 + of)}` };
    for (const name of ["orderId", RECORD_KEYS[kind] ?? ""]) record[name] = `${run}-${fields[name]}`;
    return { platform, kind, record: JSON.parse(JSON.stringify(record)) };
  });
}

/** Publishes in the order given, cut into batches of one platform and kind, some of them twice. */
async function publishAll(events: readonly Published[], batchMax: number): Promise<void> {
  let batch: Published[] = [];
  const flush = async () => {
    const [first] = batch;
    if (first === undefined) return;
    const records = batch.map(({ record }) => record);
    const report = await stage.publish(first.platform, first.kind as FeedKind, records);
    expect(report.rejections).toEqual([]);
    batch = [];
  };
  for (const next of events) {
    const isSame = batch[0]?.platform === next.platform && batch[0]?.kind === next.kind;
    if (!isSame || batch.length >= batchMax) await flush();
    batch.push(next);
  }
  await flush();
}

function newestOf(events: readonly Published[]): Published[] {
  const newest = new Map<string, Published>();
  for (const next of events)
    newest.set(`${next.platform}|${next.kind}|${next.record[RECORD_KEYS[next.kind] ?? ""]}`, next);
  return [...newest.values()].map((next) =>
    next.record.buyerId === undefined
      ? next
      : {
          ...next,
          record: {
            ...next.record,
            buyerId: pseudonymOf(Buffer.alloc(32, 1), next.platform, next.record.buyerId),
          },
        },
  );
}

async function storedSums(run: number): Promise<Map<string, Map<string, Map<string, number>>>> {
  const tables = new Map<string, Map<string, Map<string, number>>>();
  for (const [table, keys] of Object.entries(KEYS)) {
    const { rows } = await stage.postgres.pool.query<{ row: Record<string, unknown> }>(
      `select to_jsonb(t) as row from transactions.${table} t where merchant_id = any ($1)`,
      [[merchantOf(run * 2), merchantOf(run * 2 + 1)]],
    );
    const sums = new Map<string, Map<string, number>>();
    for (const { row } of rows) {
      const measures = Object.entries(row).filter(([name, value]) => !keys.includes(name) && value !== 0);
      if (measures.length > 0)
        sums.set(keys.map((key) => row[key]).join("|"), new Map(measures as [string, number][]));
    }
    if (sums.size > 0) tables.set(table, sums);
  }
  return tables;
}

const plain = (tables: Map<string, Map<string, Map<string, number>>>) =>
  Object.fromEntries(
    [...tables]
      .filter(([, sums]) => sums.size > 0)
      .map(([table, sums]) => [
        table,
        Object.fromEntries([...sums].map(([key, row]) => [key, Object.fromEntries(row)])),
      ]),
  );

describe("The sums kept as records come in", () => {
  it("equal a recomputation from the newest records, whatever came first, twice or again (P7)", async () => {
    const property = fc.asyncProperty(
      fc.array(published, { minLength: 10, maxLength: 60, size: "max" }),
      fc.integer({ min: 1, max: 5 }),
      async (drawn, batchMax) => {
        runs += 1;
        const events = settle(drawn, runs);
        await publishAll(events, batchMax);
        expect(plain(await storedSums(runs))).toEqual(plain(sumsOf(newestOf(events))));
      },
    );
    await fc.assert(property, { numRuns: 12, endOnFailure: true });
  }, 120_000);

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
        await publishAll(settle(events, runs), 3);
        const text = JSON.stringify(plain(await storedSums(runs)));
        const sums = JSON.parse(
          text.replaceAll(merchantOf(runs * 2), "A").replaceAll(merchantOf(runs * 2 + 1), "B"),
        );
        answers.push(sums);
      }
      expect(answers[1]).toEqual(answers[0]);
    });
    await fc.assert(property, { numRuns: 6, endOnFailure: true });
  }, 120_000);

  it("are right when platforms publish at the same time", async () => {
    runs += 1;
    const orders = ["1", "2", "3", "4", "5", "6"];
    const drawn = fc.sample(published, { numRuns: 120, seed: 20_261_123 }).map((e, i) => ({
      ...e,
      record: {
        ...e.record,
        seller: 0,
        orderId: orders[i % 6],
        [RECORD_KEYS[e.kind] ?? ""]: e.kind === "order" ? orders[i % 6] : String(i),
      },
    }));
    const events = settle(drawn, runs);
    const lanes = new Map<string, Published[]>();
    for (const next of events)
      lanes.set(`${next.platform}|${next.kind}`, [
        ...(lanes.get(`${next.platform}|${next.kind}`) ?? []),
        next,
      ]);
    await Promise.all([...lanes.values()].map((lane) => publishAll(lane, 4)));
    expect(plain(await storedSums(runs))).toEqual(plain(sumsOf(newestOf(events))));
  });

  it("go when the order's record moves to another merchant, and come back with it", async () => {
    runs += 1;
    const order = (of: number, totalMinor: number): Published => ({
      platform: "taoyuan-market",
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
      const day = (await storedSums(runs)).get("order_day") ?? new Map<string, Map<string, number>>();
      return [...day].map(([key, row]) => [key.split("|")[0], row.get("paid_minor")]);
    };
    await publishAll(settle([order(0, 100)], runs), 1);
    expect(await paidOf()).toEqual([[merchantOf(runs * 2), 100]]);
    await publishAll(settle([order(1, 100)], runs), 1);
    expect(await paidOf()).toEqual([[merchantOf(runs * 2 + 1), 100]]);
    await publishAll(settle([order(0, 70)], runs), 1);
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
        orderPlatform: "taoyuan-market",
        currency: "CNY",
        amountMinor: 5,
        paidAt: "2026-05-01T00:00:00Z",
      },
    };
    await publishAll(settle([payment], runs), 1);
    expect(plain(await storedSums(runs))).toEqual({});
  });

  it("refuse an amount beyond the bound and keep the rest of the batch", async () => {
    const of = { sellerId: `s-${merchantOf(1)}`, currency: "CNY", createdAt: "2026-05-01T00:00:00Z" };
    const report = await stage.publish("taoyuan-market", "order", [
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
