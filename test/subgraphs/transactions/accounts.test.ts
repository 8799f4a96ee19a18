import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PlatformAccount } from "../../../schema/claims.js";
import type { Published } from "./order-story.js";
import { publishAll } from "./publish-all.js";
import { HOME, newestOf, published, settle } from "./published.js";
import { sell } from "./sell.js";
import { merchantBehind, merchantOf, sellerOf } from "./sellers.js";
import { openStage, type Stage } from "./stage.js";

const NOW = "2026-11-23T04:00:00Z";
const GROUND = "reason n coverage verification sources confidence { low high }";
const NUMBER = `{ value ${GROUND} }`;
const AMOUNT = `{ amount { minor currency } ${GROUND} }`;
const HOURS = `{ p50 p90 ${GROUND} }`;
const WINDOW = 'window: { from: "2026-01", until: "2026-12" }';
const FIGURES = `
  transactions(${WINDOW}) {
    gmvGross ${AMOUNT} gmvPaid ${AMOUNT} verifiedRevenue ${AMOUNT} returnsAmount ${AMOUNT} netSales ${AMOUNT} orderCount ${NUMBER}
    createdOrderCount ${NUMBER} averageOrderValue ${AMOUNT} medianOrderValue ${AMOUNT} cancelRatePreShip ${NUMBER}
    refundRateAmount ${NUMBER} refundRateCount ${NUMBER} growthMoM ${NUMBER} growthYoY ${NUMBER} volatilityCv ${NUMBER}
    maxDrawdown ${NUMBER} zeroSaleDays ${NUMBER} activeMonthRatio ${NUMBER} seasonalityIndex ${NUMBER} buyerRepeatRate ${NUMBER}
    tenureDays ${NUMBER} monthsObserved ${NUMBER} platforms { platform orderCount share gmvPaid { minor currency } }
    months { month createdCount orderCount gmvGross { minor currency } returnsAmount { minor } netSales { minor } }
    concentration { dimension keyCount concentrationHhi ${NUMBER} normalizedHhi ${NUMBER} topNShare(n: 2) ${NUMBER} }
  }
  usd: transactions(${WINDOW}, currency: "USD") { gmvPaid ${AMOUNT} }
  settlements(${WINDOW}, currency: "CNY") {
    settledRevenue ${AMOUNT} netSettled ${AMOUNT} fees ${AMOUNT} chargebacks ${AMOUNT} cashConversionDays ${NUMBER} platformDso ${NUMBER}
    receivablesInTransit ${AMOUNT} receivables { state amount ${AMOUNT} } expectedCollectible ${AMOUNT} confirmToSettle ${HOURS}
  }
  logistics(${WINDOW}) {
    onTimeShipRate ${NUMBER} lateShipmentRate ${NUMBER} onTimeDeliveryRate ${NUMBER} validTrackingRate ${NUMBER} payToShip ${HOURS}
    shipToDeliver ${HOURS}
  }`;
const RECORDS = `
  transactions(${WINDOW}) { orders(first: 100) { nodes { platform state createdAt paidAt shippedAt deliveredAt confirmedAt settledAt
    cancelledAt total { minor currency } paid { minor } refunded { minor } region verification } pageInfo { hasNextPage } } }
  settlements(${WINDOW}) { payouts(first: 100) { nodes { platform settledAt gross { minor currency } fee { minor } chargeback { minor } } } }
  logistics(${WINDOW}) { shipments(first: 100) { nodes { platform shippedAt deliveredAt promisedShipAt promisedDeliveryAt hasTracking } } }`;
const LEVELS = { records: ["TRANSACTIONS", "SETTLEMENTS", "LOGISTICS"] } as const;

// Answers are looked into freely; a wrong path is a failing test.
type Answer = any; // oxlint-disable-line no-explicit-any

let stage: Stage;
let runs = 1_000;

beforeAll(async () => {
  stage = await openStage(NOW);
});
afterAll(() => stage.close());

async function answersOf(
  grants: readonly { merchant: string; accounts?: readonly PlatformAccount[] }[],
  selection: string,
): Promise<Answer[]> {
  const answer = await stage.ask(
    grants.map((grant) => ({ ...LEVELS, ...grant })),
    selection,
  );
  expect(answer.errors).toBeUndefined();
  return (answer.data as Answer)["_entities"].map((entity: Answer) => ({ ...entity, id: undefined }));
}

const answerOf = async (
  merchant: string,
  accounts: readonly PlatformAccount[] | undefined,
  selection = FIGURES,
) => (await answersOf([accounts === undefined ? { merchant } : { merchant, accounts }], selection))[0];

/** The accounts that a test may open: two shops on two markets, and some that hold nothing of this merchant. */
const SHOPS = [0, 1, 2, 3] as const;
const opened = fc.subarray([...SHOPS, 4, 5, 6]);

function accountsOf(run: number, picked: readonly number[]): PlatformAccount[] {
  const merchant = merchantOf(run * 2);
  const all: PlatformAccount[] = [
    { platform: HOME, sellerId: sellerOf(merchant) },
    { platform: HOME, sellerId: sellerOf(merchant, "-b") },
    { platform: "other-market", sellerId: sellerOf(merchant) },
    { platform: "other-market", sellerId: sellerOf(merchant, "-b") },
    { platform: "yinlian-pay", sellerId: sellerOf(merchant) },
    { platform: HOME, sellerId: sellerOf(merchantOf(run * 2 + 1)) },
    { platform: HOME, sellerId: "nobody" },
  ];
  return picked.flatMap((i) => all[i] ?? []);
}

/** The same records, without the orders of accounts that are not open; kind by kind, since the order of arrival does not matter. */
function onlyOf(drawn: readonly Published[], run: number, picked: readonly number[]): Published[] {
  const accounts = accountsOf(run, picked);
  const isOpen = ({ platform, record }: Published) =>
    accounts.some((account) => account.platform === platform && account.sellerId === record.sellerId);
  const settled = settle(drawn, run);
  const merchant = merchantOf(run * 2);
  const open = new Set(
    newestOf(settled)
      .filter((next) => next.kind === "order" && isOpen(next))
      .map(nameOf),
  );
  return settled
    .filter(
      (next) =>
        next.kind !== "order" || open.has(nameOf(next)) || merchantBehind(next.record.sellerId) !== merchant,
    )
    .sort((a, b) => `${a.kind} ${a.platform}`.localeCompare(`${b.kind} ${b.platform}`));
}

const nameOf = ({ platform, record }: Published) => `${platform}|${record.orderId}`;

describe("A permit that opens some accounts", () => {
  it("is answered as if nothing but their orders existed, whatever came in, in whatever order (P4)", async () => {
    const property = fc.asyncProperty(
      fc.array(published, { minLength: 20, maxLength: 70, size: "max" }),
      opened,
      fc.integer({ min: 1, max: 5 }),
      async (drawn, picked, batchMax) => {
        runs += 2;
        const [run, other] = [runs, runs + 1];
        await publishAll(stage, settle(drawn, run), batchMax);
        // The oracle knows nothing of accounts: it is the whole path again, over the records that may count.
        const rest = JSON.parse(
          JSON.stringify(onlyOf(drawn, run, picked))
            .replaceAll(merchantOf(run * 2), merchantOf(other * 2))
            .replaceAll(merchantOf(run * 2 + 1), merchantOf(other * 2 + 1))
            .replaceAll(`"${run}-`, `"${other}-`),
        );
        await publishAll(stage, rest, 1_000);
        const accounts = accountsOf(run, picked);
        expect(await answerOf(merchantOf(run * 2), accounts)).toEqual(
          await answerOf(merchantOf(other * 2), undefined),
        );
        expect(await answerOf(merchantOf(run * 2), accounts, RECORDS)).toEqual(
          await answerOf(merchantOf(other * 2), undefined, RECORDS),
        );
      },
    );
    await fc.assert(property, { numRuns: 6, endOnFailure: true });
  }, 300_000);

  it("is answered from each seller of a platform apart, and from both as without accounts", async () => {
    const merchant = merchantOf(1);
    await sell(stage, { merchant, prefix: "a", count: 40, start: "2026-09-01T00:00:00Z" });
    await sell(stage, { merchant, shop: "-b", prefix: "b", count: 60, start: "2026-09-05T00:00:00Z" });
    const shops = [sellerOf(merchant), sellerOf(merchant, "-b")].map((sellerId) => ({
      platform: HOME,
      sellerId,
    }));
    const count = async (accounts: readonly PlatformAccount[] | undefined) => {
      const { transactions, settlements, logistics } = await answerOf(merchant, accounts);
      return [transactions.orderCount.value, settlements.receivablesInTransit.n, logistics.onTimeShipRate.n];
    };
    expect(await count(shops.slice(0, 1))).toEqual([40, 40, 40]);
    expect(await count(shops.slice(1))).toEqual([60, 60, 60]);
    expect(await answerOf(merchant, shops)).toEqual(await answerOf(merchant, undefined));
    expect(await answerOf(merchant, [...shops, ...shops].reverse())).toEqual(await answerOf(merchant, shops));
  });

  it("follows an order whose correction names another seller, with all that belongs to it", async () => {
    const merchant = merchantOf(2);
    const shops = [sellerOf(merchant), sellerOf(merchant, "-b")];
    const order = { orderId: "m-1", currency: "CNY", totalMinor: 500, createdAt: "2026-10-01T00:00:00Z" };
    const of = { orderId: "m-1", orderPlatform: HOME, sellerId: sellerOf(merchant) };
    await stage.publish(HOME, "order", [{ ...order, sellerId: shops[0] }]);
    await stage.publish("yinlian-pay", "payment", [
      { ...of, paymentId: "m-1", currency: "CNY", amountMinor: 500, paidAt: "2026-10-01T00:00:00Z" },
    ]);
    await stage.publish("yinlian-pay", "settlement", [
      {
        ...of,
        settlementId: "m-1",
        currency: "CNY",
        grossMinor: 500,
        feeMinor: 5,
        settledAt: "2026-10-09T00:00:00Z",
      },
    ]);
    await stage.publish("shunda-express", "shipment", [
      { ...of, shipmentId: "m-1", shippedAt: "2026-10-02T00:00:00Z" },
    ]);
    const held = async () =>
      Promise.all(
        shops.map(async (sellerId) => {
          const accounts = [{ platform: HOME, sellerId }];
          const { transactions, settlements } = await answerOf(merchant, accounts);
          const records = await answerOf(merchant, accounts, RECORDS);
          return [
            transactions.gmvPaid.amount?.minor ?? transactions.gmvPaid.reason,
            settlements.settledRevenue.amount?.minor ?? settlements.settledRevenue.reason,
            records.transactions.orders.nodes.length,
            records.settlements.payouts.nodes.length,
            records.logistics.shipments.nodes.length,
          ];
        }),
      );
    const all = [500, 500, 1, 1, 1];
    const nothing = ["NO_SOURCE", "NO_SOURCE", 0, 0, 0];
    expect(await held()).toEqual([all, nothing]);
    await stage.publish(HOME, "order", [{ ...order, sellerId: shops[1] }]);
    expect(await held()).toEqual([nothing, all]);
    await stage.publish(HOME, "order", [{ ...order, sellerId: shops[0] }]);
    expect(await held()).toEqual([all, nothing]);
  });

  it("opens nothing by accounts that are another merchant's, unknown, or only reported on the orders", async () => {
    const [mine, other] = [merchantOf(3), merchantOf(4)];
    await sell(stage, { merchant: mine, prefix: "c", count: 35, start: "2026-09-01T00:00:00Z" });
    await sell(stage, { merchant: other, prefix: "d", count: 35, start: "2026-09-01T00:00:00Z" });
    for (const account of [
      { platform: HOME, sellerId: sellerOf(other) },
      { platform: HOME, sellerId: "s-unknown" },
      { platform: "other-market", sellerId: sellerOf(mine) },
      { platform: "yinlian-pay", sellerId: sellerOf(mine) },
    ]) {
      const { transactions, settlements, logistics } = await answerOf(mine, [account]);
      for (const figure of [transactions.gmvPaid, settlements.receivablesInTransit, logistics.onTimeShipRate])
        expect(figure).toMatchObject({ reason: "NO_SOURCE", n: 0, verification: 0, sources: [] });
      expect([transactions.months, transactions.platforms, transactions.gmvPaid.amount]).toEqual([
        [],
        [],
        null,
      ]);
      const records = await answerOf(mine, [account], RECORDS);
      expect([
        records.transactions.orders,
        records.settlements.payouts.nodes,
        records.logistics.shipments.nodes,
      ]).toEqual([{ nodes: [], pageInfo: { hasNextPage: false } }, [], []]);
    }
  });

  it("opens nothing, and asks nothing, where it lists no account", async () => {
    const merchant = merchantOf(3);
    stage.statements.length = 0;
    const { transactions } = await answerOf(merchant, []);
    expect(transactions.orderCount).toMatchObject({ value: null, reason: "NO_SOURCE" });
    expect((await answerOf(merchant, [], RECORDS)).transactions.orders.nodes).toEqual([]);
    expect(stage.statements.filter((text) => !text.includes("record_secret"))).toEqual([]);
  });

  it("is kept apart from other merchants' lists in one portfolio, in as many statements", async () => {
    const accounts = [{ platform: HOME, sellerId: sellerOf(merchantOf(1), "-b") }];
    const grants = [
      { merchant: merchantOf(1), accounts },
      { merchant: merchantOf(3) },
      { merchant: merchantOf(4), accounts: [{ platform: HOME, sellerId: sellerOf(merchantOf(3)) }] },
    ];
    for (const selection of [FIGURES, RECORDS]) {
      const alone = [];
      for (const grant of grants) alone.push(...(await answersOf([grant], selection)));
      stage.statements.length = 0;
      expect(await answersOf(grants, selection)).toEqual(alone);
      const together = [...stage.statements];
      stage.statements.length = 0;
      await answersOf([{ merchant: merchantOf(3) }], selection);
      expect(together).toEqual([...stage.statements]);
    }
  });
});
