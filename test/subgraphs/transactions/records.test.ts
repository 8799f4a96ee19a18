import fc from "fast-check";
import type { GraphQLObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishAll } from "./publish-all.js";
import { HOME, newestOf, published, settle } from "./published.js";
import { type Answer, LIST_NAMES, type ListName, LISTS, pageOf, wholeOf } from "./record-lists.js";
import { recordsOf } from "./record-oracle.js";
import { sell } from "./sell.js";
import { merchantBehind, merchantOf, sellerOf } from "./sellers.js";
import { openStage, type Stage } from "./stage.js";

let stage: Stage;
let runs = 2_000;

beforeAll(async () => {
  stage = await openStage("2026-11-23T04:00:00Z");
});
afterAll(() => stage.close());

const WITHOUT = new Set(["id", "order", "verification"]);
const bare = (node: Answer) =>
  Object.fromEntries(Object.entries(node).filter(([name]) => !WITHOUT.has(name)));

describe("The records of a merchant", () => {
  it("are what the newest records tell, page by page, in the months and accounts that are open", async () => {
    const property = fc.asyncProperty(
      fc.array(published, { minLength: 20, maxLength: 60, size: "max" }),
      fc.constantFrom<readonly [string, string]>(
        ["2026-01", "2026-12"],
        ["2026-04", "2026-05"],
        ["2026-05", "2026-07"],
      ),
      fc.constantFrom<readonly number[]>([0], [2], [0, 2], [0, 1]),
      fc.integer({ min: 1, max: 4 }),
      async (drawn, [from, until], shops, first) => {
        runs += 1;
        const merchant = merchantOf(runs * 2);
        const events = settle(drawn, runs);
        await publishAll(stage, events, 5);
        const sellers = [...new Set(events.map(({ record }) => record.sellerId as string))].filter((_, i) =>
          shops.includes(i),
        );
        const accounts = sellers.map((sellerId) => ({ platform: HOME, sellerId }));
        const own = sellers.filter((sellerId) => merchantBehind(sellerId) === merchant);
        const expected = recordsOf(newestOf(events), own, [from, until]);
        const grant = { merchant, accounts, months: { from, until } };
        for (const name of LIST_NAMES)
          expect((await wholeOf(stage, { list: name, ...grant }, first)).map(bare), name).toEqual(
            expected[name],
          );
      },
    );
    await fc.assert(property, { numRuns: 8, endOnFailure: true });
  }, 300_000);

  it("are paged through equal instants without a gap or a repeat, however many accounts share them", async () => {
    const merchant = merchantOf(1);
    const same = { currency: "CNY", totalMinor: 100, createdAt: "2026-09-01T00:00:00Z" };
    for (const platform of [HOME, "other-market"])
      for (const shop of ["", "-b"] as const)
        await stage.publish(
          platform,
          "order",
          Array.from({ length: 12 }, (_, i) => ({
            ...same,
            sellerId: sellerOf(merchant, shop),
            orderId: `same${shop}-${i}`,
            region: `${platform} ${shop} ${i}`,
          })),
        );
    const regions = (await wholeOf(stage, { list: "orders", merchant }, 7)).map(({ region }) => region);
    expect(regions).toHaveLength(48);
    expect(new Set(regions).size).toBe(48);
    for (const first of [1, 5, 48, 100])
      expect((await wholeOf(stage, { list: "orders", merchant }, first)).map(({ region }) => region)).toEqual(
        regions,
      );
  });

  it("keep their place when newer ones come in, and their id whoever asks and whatever is corrected", async () => {
    const merchant = merchantOf(2);
    await sell(stage, { merchant, prefix: "k", count: 30, start: "2026-09-01T00:00:00Z" });
    const before = await wholeOf(stage, { list: "orders", merchant }, 100);
    const { connection } = await pageOf(stage, { list: "orders", merchant }, { first: 10 });
    await sell(stage, { merchant, prefix: "newer", count: 5, start: "2026-10-01T00:00:00Z" });
    const next = await pageOf(
      stage,
      { list: "orders", merchant },
      { first: 100, after: connection.pageInfo.endCursor },
    );
    expect([...connection.nodes, ...next.connection.nodes]).toEqual(before);
    const ids = before.map(({ id }) => id);
    expect(new Set(ids).size).toBe(30);
    await sell(stage, { merchant, shop: "-b", prefix: "k", count: 30, start: "2026-09-01T00:00:00Z" });
    expect((await wholeOf(stage, { list: "orders", merchant }, 100)).slice(5).map(({ id }) => id)).toEqual(
      ids,
    );
  });

  it("name no buyer and no number of a platform, and parts name their order by its id", async () => {
    const merchant = merchantOf(2);
    const [orders, payouts, shipments] = [
      await wholeOf(stage, { list: "orders", merchant }, 100),
      await wholeOf(stage, { list: "payouts", merchant }, 100),
      await wholeOf(stage, { list: "shipments", merchant }, 100),
    ];
    expect(payouts).toEqual([]);
    expect(shipments).toHaveLength(35);
    const ids = new Set(orders.map(({ id }) => id));
    expect(shipments.every(({ order: of }) => ids.has(of))).toBe(true);
    for (const id of [...ids, ...shipments.map(({ id }) => id)]) expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify([orders, shipments])).not.toMatch(/k-\d|newer-\d|s-9199/);
    const type = stage.subgraph.schema.getType("OrderRecord") as GraphQLObjectType;
    expect(Object.keys(type.getFields()).filter((field) => /buyer|seller/i.test(field))).toEqual([]);
  });

  it("add up to the figures of the same window", async () => {
    const merchant = merchantOf(3);
    await sell(stage, { merchant, prefix: "u", count: 45, start: "2026-09-01T00:00:00Z" });
    const payout = (i: number, settledAt: string) => ({
      sellerId: sellerOf(merchant),
      orderId: `u-${i}`,
      orderPlatform: HOME,
      settlementId: `u-${i}`,
      currency: "CNY",
      grossMinor: 10_000 + i,
      feeMinor: 200,
      chargebackMinor: i % 3,
      settledAt,
    });
    await stage.publish(
      "yinlian-pay",
      "settlement",
      Array.from({ length: 40 }, (_, i) => payout(i, `2026-10-0${1 + (i % 9)}T00:00:00Z`)),
    );
    // The marketplace's own report of the same payouts is the same money.
    await stage.publish(
      HOME,
      "settlement",
      Array.from({ length: 40 }, (_, i) => payout(i, "2026-10-15T00:00:00Z")),
    );
    const answer = await stage.ask(
      [{ merchant }],
      `settlements(window: { months: 12 }) { settledRevenue { amount { minor } } fees { amount { minor } } chargebacks { amount { minor } } netSettled { amount { minor } } }
       transactions(window: { months: 12 }) { gmvPaid { amount { minor } } createdOrderCount { value } }`,
    );
    const { settlements, transactions } = (answer.data as Answer)["_entities"][0];
    const sum = (rows: Answer[], field: string) => rows.reduce((total, row) => total + row[field].minor, 0);
    const payouts = await wholeOf(stage, { list: "payouts", merchant }, 9);
    expect([
      sum(payouts, "gross"),
      sum(payouts, "fee"),
      sum(payouts, "chargeback"),
      sum(payouts, "net"),
    ]).toEqual(
      ["settledRevenue", "fees", "chargebacks", "netSettled"].map((name) => settlements[name].amount.minor),
    );
    const orders = await wholeOf(stage, { list: "orders", merchant }, 9);
    expect([orders.length, sum(orders, "paid")]).toEqual([
      transactions.createdOrderCount.value,
      transactions.gmvPaid.amount.minor,
    ]);
    expect(new Set(orders.map(({ verification }) => verification))).toEqual(new Set([3]));
  });
});

describe("A page of records is refused", () => {
  const merchant = merchantOf(2);

  it.each([
    ["no records", []],
    ["the records of other categories", ["IDENTITY", "REVIEWS"]],
  ] as const)("where the permit opens %s, though it opens the category (P5)", async (_what, records) => {
    for (const name of LIST_NAMES) {
      stage.statements.length = 0;
      const { connection, errors } = await pageOf(stage, { list: name, merchant, records }, { first: 10 });
      expect(connection).toBeNull();
      expect(errors).toMatchObject([
        {
          path: ["_entities", 0, LISTS[name].parent, name],
          extensions: { code: "PERMIT_INVALID", category: LISTS[name].category },
        },
      ]);
      expect(stage.statements).toEqual([]);
    }
  });

  it("where the permit opens the records and not the category", async () => {
    const refused = await pageOf(
      stage,
      { list: "orders", merchant, categories: ["LOGISTICS"], records: ["TRANSACTIONS"] },
      { first: 10 },
    );
    expect([refused.connection, refused.codes]).toEqual([null, ["PERMIT_INVALID"]]);
  });

  it("where another category's records are open: each list asks for its own", async () => {
    const grant = { merchant, records: ["LOGISTICS"] as const };
    expect((await pageOf(stage, { list: "shipments", ...grant }, { first: 1 })).errors).toEqual([]);
    expect((await pageOf(stage, { list: "orders", ...grant }, { first: 1 })).codes).toEqual([
      "PERMIT_INVALID",
    ]);
  });

  it.each([0, 101, -1])("for first: %i", async (first) => {
    expect((await pageOf(stage, { list: "orders", merchant }, { first })).codes).toEqual(["BAD_USER_INPUT"]);
  });

  it("for a cursor of another merchant, of another list, changed, cut or made up", async () => {
    const cursorOf = async (name: ListName, of: string): Promise<string> =>
      (await pageOf(stage, { list: name, merchant: of }, { first: 2 })).connection.pageInfo.endCursor;
    const good = await cursorOf("orders", merchant);
    expect((await pageOf(stage, { list: "orders", merchant }, { first: 2, after: good })).errors).toEqual([]);
    const changed = [...good].map(
      (letter, i) => good.slice(0, i) + (letter === "A" ? "B" : "A") + good.slice(i + 1),
    );
    const bad = [
      await cursorOf("orders", merchantOf(3)),
      await cursorOf("shipments", merchant),
      ...changed.filter((_, i) => i % 9 === 0),
      good.slice(0, -4),
      `${good}AAAA`,
      `${good}=`,
      "",
      "x",
      "A".repeat(5_000),
      Buffer.from(JSON.stringify(["2026-09-01T00:00:00Z", "k-1", HOME])).toString("base64url"),
    ];
    for (const after of bad) {
      const refused = await pageOf(stage, { list: "orders", merchant }, { first: 2, after });
      expect([after, refused.connection, refused.codes]).toEqual([after, null, ["BAD_USER_INPUT"]]);
    }
  });
});

describe("The months of a permit", () => {
  it("bound the records whatever the window asks, and a cursor from wider months opens no more", async () => {
    const merchant = merchantOf(4);
    await sell(stage, { merchant, prefix: "w", count: 10, start: "2026-08-31T20:00:00Z" });
    await sell(stage, { merchant, prefix: "x", count: 10, start: "2026-07-31T15:00:00Z" });
    // In Shanghai: ten on 1 September, one on 31 July and nine on 1 August.
    const months = { from: "2026-08", until: "2026-09" };
    const narrow = await wholeOf(stage, { list: "orders", merchant, months }, 4);
    expect(narrow.map(({ createdAt }) => createdAt)).toEqual(
      Array.from({ length: 9 }, (_, i) =>
        new Date(Date.parse("2026-08-01T00:00:00Z") - i * 3_600_000).toISOString(),
      ),
    );
    const wide = await pageOf(stage, { list: "orders", merchant }, { first: 3 });
    const next = await pageOf(
      stage,
      { list: "orders", merchant, months },
      { first: 100, after: wide.connection.pageInfo.endCursor },
    );
    expect(next.connection.nodes).toEqual(narrow);
    const outside = await pageOf(
      stage,
      { list: "orders", merchant, months: { from: "2025-01", until: "2025-02" } },
      { first: 5 },
    );
    expect(outside.connection).toEqual({ nodes: [], pageInfo: { hasNextPage: false, endCursor: null } });
  });
});
