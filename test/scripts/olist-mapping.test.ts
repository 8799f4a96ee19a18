import { describe, expect, it } from "vitest";
import { isBalanced } from "../../scripts/import/dataset/balance.js";
import { mapAccounts } from "../../scripts/import/olist/map-accounts.js";
import { olistRecords } from "../../scripts/import/olist/olist-records.js";
import type { OlistItem, OlistOrder, OlistTables } from "../../scripts/import/olist/olist-rows.js";
import { planSales } from "../../scripts/import/olist/plan-sales.js";
import { reconcile } from "../../scripts/import/olist/reconcile.js";

function order(orderId: string, rest: Partial<OlistOrder> = {}): OlistOrder {
  return {
    orderId,
    customerId: "c-1",
    status: "delivered",
    purchasedAt: "2018-05-01 10:00:00",
    approvedAt: "2018-05-01 11:00:00",
    shippedAt: "2018-05-03 09:00:00",
    deliveredAt: "2018-05-09 18:00:00",
    estimatedAt: "2018-05-20 00:00:00",
    ...rest,
  };
}

function item(orderId: string, itemNumber: number, rest: Partial<OlistItem> = {}): OlistItem {
  return {
    orderId,
    itemNumber,
    productId: "p-1",
    sellerId: "s-1",
    shippingLimitAt: "2018-05-05 11:00:00",
    priceMinor: 1000,
    freightMinor: 100,
    ...rest,
  };
}

function tables(rest: Partial<OlistTables>): OlistTables {
  return {
    orders: [],
    items: [],
    payments: [],
    reviews: [],
    sellers: [],
    notes: [],
    customers: new Map([["c-1", { uniqueId: "person-1", state: "SP" }]]),
    categories: new Map([["p-1", "toys"]]),
    ...rest,
  };
}

const REVIEW = {
  reviewId: "r-1",
  orderId: "o-1",
  score: 4,
  title: "",
  message: "",
  answeredAt: "2018-05-12 08:00:00",
};

function mapped(given: OlistTables, options: Parameters<typeof planSales>[1] = {}) {
  const plan = planSales(given, options);
  const records = olistRecords(plan);
  expect(reconcile(plan, records).filter((balance) => !isBalanced(balance))).toEqual([]);
  return {
    plan,
    accounts: [...records.account()],
    orders: [...records.order()],
    payments: [...records.payment()],
    shipments: [...records.shipment()],
    reviews: [...records.review()],
  };
}

describe("an order of one seller", () => {
  const given = tables({
    orders: [order("o-1")],
    items: [
      item("o-1", 1),
      item("o-1", 2),
      item("o-1", 3, { productId: "p-2", shippingLimitAt: "2018-05-06 11:00:00" }),
    ],
    payments: [{ orderId: "o-1", sequence: 1, method: "credit_card", amountMinor: 3300 }],
  });

  it("becomes one order record, paid at its approval, with pieces of a product in one line", () => {
    expect(mapped(given).orders).toEqual([
      {
        platform: "olist",
        zone: "America/Sao_Paulo",
        orderId: "o-1.1",
        sellerId: "s-1",
        buyerId: "person-1",
        region: "SP",
        currency: "BRL",
        totalMinor: 3300,
        createdAt: "2018-05-01T13:00:00.000Z",
        paidAt: "2018-05-01T14:00:00.000Z",
        paidMinor: 3300,
        promisedShipAt: "2018-05-06T14:00:00.000Z",
        promisedDeliveryAt: "2018-05-20T03:00:00.000Z",
        lines: [
          { productId: "p-1", category: "toys", quantity: 2, amountMinor: 2000 },
          { productId: "p-2", quantity: 1, amountMinor: 1000 },
        ],
      },
    ]);
  });

  it("becomes one payment and one shipment record", () => {
    const { payments, shipments } = mapped(given);
    expect(payments).toMatchObject([
      { paymentId: "o-1.1.1", orderId: "o-1.1", amountMinor: 3300, method: "credit_card" },
    ]);
    expect(shipments).toMatchObject([
      {
        shipmentId: "o-1.1",
        shippedAt: "2018-05-03T12:00:00.000Z",
        deliveredAt: "2018-05-09T21:00:00.000Z",
      },
    ]);
  });

  it("opens the account at the first that is known of it", () => {
    expect(mapped(given).accounts).toMatchObject([{ sellerId: "s-1", openedAt: "2018-05-01T13:00:00.000Z" }]);
  });
});

describe("an order of several sellers", () => {
  const given = tables({
    orders: [order("o-1")],
    items: [item("o-1", 2, { sellerId: "s-2", priceMinor: 900 }), item("o-1", 1), item("o-1", 3)],
    payments: [
      { orderId: "o-1", sequence: 2, method: "voucher", amountMinor: 1001 },
      { orderId: "o-1", sequence: 1, method: "credit_card", amountMinor: 2200 },
    ],
    reviews: [REVIEW],
  });

  it("becomes one record a seller, numbered by first item, with payments in proportion and nothing lost", () => {
    const { orders } = mapped(given);
    // 3201 by 2200 : 1000 is 2200.6875 : 1000.3125.
    expect(orders).toMatchObject([
      { orderId: "o-1.1", sellerId: "s-1", totalMinor: 2200, paidMinor: 2201 },
      { orderId: "o-1.2", sellerId: "s-2", totalMinor: 1000, paidMinor: 1000 },
    ]);
  });

  it("splits each payment, and the parts add up both to the payment and to the seller", () => {
    const { payments } = mapped(given);
    const sumOf = (suffix: RegExp): number =>
      payments
        .filter(({ paymentId }) => suffix.test(paymentId))
        .reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    expect([sumOf(/^o-1\.\d\.1$/), sumOf(/^o-1\.\d\.2$/)]).toEqual([2200, 1001]);
    expect([sumOf(/^o-1\.1\./), sumOf(/^o-1\.2\./)]).toEqual([2201, 1000]);
  });

  it("gives its review to each of them", () => {
    expect(mapped(given).reviews.map(({ orderId, sellerId }) => [orderId, sellerId])).toEqual([
      ["o-1.1", "s-1"],
      ["o-1.2", "s-2"],
    ]);
  });
});

describe("orders that did not run their course", () => {
  it("are cancelled at the last that is known of them, and only when their status says so", () => {
    const { orders } = mapped(
      tables({
        orders: [
          order("o-1", { status: "canceled", shippedAt: undefined, deliveredAt: undefined }),
          order("o-2", {
            status: "unavailable",
            approvedAt: undefined,
            shippedAt: undefined,
            deliveredAt: undefined,
          }),
          order("o-3", { status: "shipped", deliveredAt: undefined }),
        ],
        items: [item("o-1", 1), item("o-2", 1), item("o-3", 1)],
      }),
    );
    expect(orders.map(({ cancelledAt }) => cancelledAt)).toEqual([
      "2018-05-01T14:00:00.000Z",
      "2018-05-01T13:00:00.000Z",
      undefined,
    ]);
  });

  it("are unpaid without payments and with payments of nothing, and paid at the purchase without an approval", () => {
    const { orders, payments } = mapped(
      tables({
        orders: [order("o-1"), order("o-2"), order("o-3", { approvedAt: undefined })],
        items: [item("o-1", 1), item("o-2", 1), item("o-3", 1)],
        payments: [
          { orderId: "o-2", sequence: 1, method: "not_defined", amountMinor: 0 },
          { orderId: "o-3", sequence: 1, method: "boleto", amountMinor: 1100 },
        ],
      }),
    );
    expect(orders.map(({ paidAt, paidMinor }) => [paidAt, paidMinor])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
      ["2018-05-01T13:00:00.000Z", 1100],
    ]);
    expect(payments).toHaveLength(1);
  });

  it("have no shipment without a time of dispatch, even when a delivery is noted", () => {
    const given = tables({ orders: [order("o-1", { shippedAt: undefined })], items: [item("o-1", 1)] });
    expect(mapped(given).shipments).toEqual([]);
  });
});

describe("what cannot be imported", () => {
  const given = tables({
    orders: [order("o-1"), order("o-2"), order("o-3", { purchasedAt: undefined, approvedAt: undefined })],
    items: [item("o-1", 1), item("o-3", 1), item("o-9", 1)],
    payments: ["o-1", "o-2", "o-3", "o-9"].map((orderId) => ({
      orderId,
      sequence: 1,
      method: "boleto",
      amountMinor: 1100,
    })),
    reviews: [REVIEW, { ...REVIEW, orderId: "o-2" }],
    sellers: [
      { sellerId: "s-1", city: "itu", state: "SP" },
      { sellerId: "s-idle", city: "", state: "" },
    ],
  });

  it("is counted by its reason and its worth, never dropped in silence", () => {
    const { plan, orders } = mapped(given);
    expect(orders.map(({ orderId }) => orderId)).toEqual(["o-1.1"]);
    const balances = reconcile(plan, olistRecords(plan));
    const partsOf = (name: string) =>
      balances
        .find((balance) => balance.name === name)
        ?.parts.map(({ count, amountMinor }) => [count, amountMinor]);
    expect(partsOf("payments")).toEqual([
      [1, 1100],
      [1, 1100],
      [1, 1100],
      [1, 1100],
    ]);
    expect(partsOf("items (price + freight)")).toEqual([
      [1, 1100],
      [0, 0],
      [1, 1100],
      [1, 1100],
    ]);
    expect(partsOf("reviews")).toEqual([
      [1, undefined],
      [1, undefined],
      [0, undefined],
      [0, undefined],
    ]);
    expect(partsOf("sellers")).toEqual([
      [1, undefined],
      [1, undefined],
    ]);
  });

  it("shrinks to what nothing is known of when times may be estimated", () => {
    const { plan, orders } = mapped(given, { isTimeEstimated: true });
    expect(orders.map(({ orderId, createdAt }) => [orderId, createdAt])).toContainEqual([
      "o-3.1",
      "2018-05-05T14:00:00.000Z",
    ]);
    expect(plan.estimatedOrders).toBe(1);
  });
});

describe("a review", () => {
  it("is written when the buyer answered, with title and message as its text", () => {
    const review = { ...REVIEW, title: "bom", message: "linha 1\nlinha 2" };
    const { reviews } = mapped(
      tables({ orders: [order("o-1")], items: [item("o-1", 1)], reviews: [review] }),
    );
    expect(reviews).toMatchObject([
      { createdAt: "2018-05-12T11:00:00.000Z", text: "bom\nlinha 1\nlinha 2", productId: "p-1" },
    ]);
  });
});

describe("an account", () => {
  it("is never younger than a record of its seller, or the record would belong to nobody", () => {
    const given = tables({
      orders: [order("o-1", { shippedAt: "2018-04-30 10:00:00" })],
      items: [item("o-1", 1)],
      reviews: [{ ...REVIEW, answeredAt: "2018-04-29 10:00:00" }],
    });
    expect(mapAccounts(planSales(given))).toMatchObject([{ openedAt: "2018-04-29T13:00:00.000Z" }]);
  });
});
