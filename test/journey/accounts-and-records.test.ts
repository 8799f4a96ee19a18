import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Level } from "../../schema/categories.js";
import { ALICE, BOB, grant, MARKETPLACE } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

const FILE = `
  identity { accounts { sellerId } }
  transactions(window: { months: 3 }) {
    orderCount { value sources } gmvPaid { amount { minor } }
    orders(first: 2) { nodes { id state total { minor } region } pageInfo { hasNextPage endCursor } }
  }
  logistics(window: { months: 3 }) { payToShip { n } shipments { nodes { order platform } } }
  reviews(window: { months: 3 }) { reviewCount { value } entries { nodes { rating day replied } } }`;
const INQUIRY = `query($id: MerchantId!) { merchant(id: $id, purpose: FRAUD_PREVENTION, reference: "CASE-1") { id ${FILE} } }`;
const PAGE = `query($id: MerchantId!, $after: String) { merchant(id: $id, purpose: FRAUD_PREVENTION, reference: "CASE-1") {
  transactions(window: { months: 3 }) { orders(first: 2, after: $after) { nodes { id region } pageInfo { hasNextPage endCursor } } } } }`;
const PORTFOLIO = `query($inquiries: [InquiryInput!]!) { merchants(inquiries: $inquiries) {
  id transactions(window: { months: 3 }) { orderCount { value } orders { nodes { region } } } } }`;

const shop = (name: string, nth: 1 | 2) => `${name}-shop-${nth}`;
const openShop = [{ platform: MARKETPLACE, sellerId: shop("alice", 1) }];

describe.each(["in-process", "http"] as const)("A consent that opens one of two shops (%s)", (mode) => {
  let bureau: TestBureau;

  beforeAll(async () => {
    bureau = await startTestBureau({ mode });
    await publishShops(bureau);
    await grant(bureau, ALICE, {
      purpose: "FRAUD_PREVENTION",
      lookbackMonths: 3,
      categories: ["IDENTITY", "TRANSACTIONS", "LOGISTICS", "REVIEWS"],
      records: ["TRANSACTIONS", "REVIEWS"],
      accounts: openShop,
    });
  }, 120_000);
  afterAll(async () => bureau.close());

  const bank = async (privileges?: readonly Level[]) =>
    bureau.token({ party: "bank", id: "demo-bank", ...(privileges === undefined ? {} : { privileges }) });
  const withheld = (reply: Awaited<ReturnType<TestBureau["graphql"]>>) =>
    reply.errors.map(({ path, extensions }) => [path?.join("."), extensions["code"]]);

  it("answers figures, accounts and records from that shop alone (P1, P4)", async () => {
    const reply = await bureau.graphql(await bank(["SUMMARY", "RECORDS"]), INQUIRY, { id: ALICE });
    const { identity, transactions, logistics, reviews } = reply.data.merchant;
    expect(identity.accounts).toEqual([{ sellerId: shop("alice", 1) }]);
    expect(transactions.orderCount).toEqual({ value: 3, sources: [MARKETPLACE] });
    expect(transactions.gmvPaid.amount.minor).toBe(3 * 1_000);
    expect(transactions.orders.nodes.map(({ region }: { region: string }) => region)).toEqual([
      "alice 1 2",
      "alice 1 1",
    ]);
    expect(logistics.payToShip.n).toBe(3);
    expect(reviews.entries.nodes).toEqual([{ rating: 5, day: expect.any(String), replied: false }]);
    expect(reply.extensions["inquiries"]).toMatchObject([{ accounts: openShop, decision: "PART_GRANTED" }]);
    expect(JSON.stringify(reply.data)).not.toMatch(/alice-order|alice-shop-2|buyer/);
  });

  it("withholds the records of a category that it opens at the level of figures", async () => {
    const reply = await bureau.graphql(await bank(["RECORDS"]), INQUIRY, { id: ALICE });
    expect(reply.data.merchant.logistics).toEqual({ payToShip: { n: 3 }, shipments: null });
    expect(withheld(reply)).toEqual([["merchant.logistics.shipments", "LEVEL_NOT_CONSENTED"]]);
  });

  it("withholds every record from a token that reaches figures only, and the figures stay", async () => {
    const reply = await bureau.graphql(await bank(), INQUIRY, { id: ALICE });
    const { transactions, reviews } = reply.data.merchant;
    expect([transactions.orders, reviews.entries, transactions.orderCount.value]).toEqual([null, null, 3]);
    expect(
      withheld(reply)
        .map(([path, code]) => `${path} ${code}`)
        .sort(),
    ).toEqual(
      ["logistics.shipments", "reviews.entries", "transactions.orders"].map(
        (path) => `merchant.${path} SCOPE_NOT_AUTHORIZED`,
      ),
    );
  });

  it("is paged through the front door, and a cursor of another merchant is refused", async () => {
    await grant(bureau, BOB, {
      purpose: "FRAUD_PREVENTION",
      lookbackMonths: 3,
      categories: ["TRANSACTIONS"],
      records: ["TRANSACTIONS"],
    });
    const token = await bank(["RECORDS"]);
    const first = (await bureau.graphql(token, PAGE, { id: ALICE })).data.merchant.transactions.orders;
    const after = first.pageInfo.endCursor;
    const second = (await bureau.graphql(token, PAGE, { id: ALICE, after })).data.merchant.transactions
      .orders;
    expect([first, second].map(({ nodes }) => nodes.map(({ region }: { region: string }) => region))).toEqual(
      [["alice 1 2", "alice 1 1"], ["alice 1 0"]],
    );
    expect(second.pageInfo.hasNextPage).toBe(false);
    const crossed = await bureau.graphql(token, PAGE, { id: BOB, after });
    expect(crossed.data.merchant.transactions).toEqual({ orders: null });
    expect(withheld(crossed)).toEqual([["merchant.transactions.orders", "BAD_USER_INPUT"]]);
  });

  it("is kept apart in a portfolio from a merchant that opens every account", async () => {
    const inquiries = [ALICE, BOB].map((id) => ({ id, purpose: "FRAUD_PREVENTION", reference: "CASE-2" }));
    const { data, errors } = await bureau.graphql(await bank(["RECORDS"]), PORTFOLIO, { inquiries });
    expect(errors).toEqual([]);
    expect(
      data.merchants.map(({ id, transactions }: { id: string; transactions: any }) => [
        // oxlint-disable-line no-explicit-any
        id,
        transactions.orderCount.value,
        transactions.orders.nodes.length,
      ]),
    ).toEqual([
      [ALICE, 3, 3],
      [BOB, 6, 6],
    ]);
  });

  it("does not narrow the merchant's own file", async () => {
    const token = await bureau.token({ party: "merchant", id: ALICE });
    const { data, errors } = await bureau.graphql(token, `{ me { id ${FILE} } }`);
    expect(errors).toEqual([]);
    expect(data.me.transactions.orderCount.value).toBe(6);
    expect(data.me.identity.accounts).toHaveLength(2);
    expect(data.me.logistics.shipments.nodes).toHaveLength(6);
    expect(data.me.reviews.entries.nodes).toHaveLength(2);
  });

  it("opens nothing where it names an account that is another merchant's", async () => {
    await grant(bureau, ALICE, {
      purpose: "POST_LOAN_MONITORING",
      categories: ["TRANSACTIONS"],
      accounts: [{ platform: MARKETPLACE, sellerId: shop("bob", 1) }],
    });
    const query = INQUIRY.replace("FRAUD_PREVENTION", "POST_LOAN_MONITORING");
    const { data } = await bureau.graphql(await bank(), query, { id: ALICE });
    expect(data.merchant.transactions).toMatchObject({
      orderCount: { value: null, sources: [] },
      gmvPaid: { amount: null },
    });
  });
});

/** Two shops each, three orders, one parcel an order and one review a shop. */
async function publishShops(bureau: TestBureau): Promise<void> {
  const ago = (days: number) => new Date(bureau.clock.now().getTime() - days * 86_400_000).toISOString();
  const shops = [ALICE, BOB].flatMap((merchantId, i) =>
    ([1, 2] as const).map((nth) => ({ merchantId, name: i === 0 ? "alice" : "bob", nth })),
  );
  const orders = shops.flatMap(({ name, nth }) =>
    [0, 1, 2].map((i) => ({
      orderId: `${name}-order-${nth}-${i}`,
      sellerId: shop(name, nth),
      buyerId: `buyer-${i}`,
      currency: "CNY",
      totalMinor: nth * 1_000,
      createdAt: ago(9 - i),
      paidAt: ago(9 - i),
      region: `${name} ${nth} ${i}`,
    })),
  );
  const feeds = {
    account: shops.map(({ merchantId, name, nth }) => ({
      sellerId: shop(name, nth),
      merchantId,
      legalName: `${name} trading`,
      openedAt: "2020-01-01T00:00:00Z",
    })),
    order: orders,
    shipment: orders.map(({ orderId, sellerId }) => ({
      shipmentId: orderId,
      orderId,
      sellerId,
      shippedAt: ago(5),
    })),
    review: shops.map(({ name, nth }) => ({
      reviewId: `${name}-${nth}`,
      sellerId: shop(name, nth),
      rating: nth === 1 ? 5 : 1,
      createdAt: ago(4),
    })),
  };
  for (const [kind, records] of Object.entries(feeds)) {
    const reply = await bureau.publish(MARKETPLACE, kind, records);
    if (reply.status !== 200 || reply.body.rejected > 0) throw new Error(JSON.stringify(reply.body));
  }
}
