import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import { isFeedKind } from "../../schema/feeds/kinds.js";
import { isBalanced } from "../../scripts/import/dataset/balance.js";
import { sum } from "../../scripts/import/dataset/minor-units.js";
import { exitCodeOf } from "../../scripts/feed-client/terminal.js";
import { importOlist } from "../../scripts/import/olist/import-command.js";
import { OLIST_KINDS, type OlistRecords, olistRecords } from "../../scripts/import/olist/olist-records.js";
import { planSales, type SalesPlan } from "../../scripts/import/olist/plan-sales.js";
import { readOlistTables } from "../../scripts/import/olist/read-tables.js";
import { reconcile } from "../../scripts/import/olist/reconcile.js";
import { recordInstant, recordKey } from "../../subgraphs/host/feeds/record-identity.js";
import { validateRecord } from "../../subgraphs/host/feeds/validate-record.js";
import { openFeedDoor } from "../support/feed-door.js";
import { hasOlistSample, largestOlistSellers, OLIST_SAMPLE } from "../support/olist-oracle.js";

const TOKEN = "an-olist-token";

if (!hasOlistSample) process.stderr.write(`skipped: the Olist sample is not at ${OLIST_SAMPLE}\n`);

describe.skipIf(!hasOlistSample)("the Olist sample", () => {
  let plan: SalesPlan;
  let records: OlistRecords;

  beforeAll(async () => {
    plan = planSales(await readOlistTables(OLIST_SAMPLE));
    records = olistRecords(plan);
  });

  it("reconciles table by table to the centavo", () => {
    const balances = reconcile(plan, records);
    expect(balances.filter((balance) => !isBalanced(balance))).toEqual([]);
    const [landed, withoutItems] = balances.find(({ name }) => name === "payments")?.parts ?? [];
    expect(landed).toMatchObject({ amountMinor: 126_601_086 });
    expect(withoutItems).toMatchObject({ count: 830, amountMinor: 16_259_195 });
    expect(balances.find(({ name }) => name.startsWith("items"))?.whole).toEqual({
      count: 8_365,
      amountMinor: 126_555_274,
    });
  });

  it.each(OLIST_KINDS)("makes %s records that all match their schema, each with a key of its own", (kind) => {
    const keys = new Set<string>();
    let count = 0;
    for (const record of records[kind]()) {
      const verdict = validateRecord(kind, record);
      if ("refusal" in verdict) expect.fail(`${JSON.stringify(record)} ${JSON.stringify(verdict.refusal)}`);
      keys.add(recordKey(kind, verdict.record as never));
      count += 1;
    }
    expect(count).toBeGreaterThan(0);
    expect(keys.size).toBe(count);
  });

  it("opens every account before any record that names it", () => {
    const openedAt = new Map([...records.account()].map((account) => [account.sellerId, account.openedAt]));
    for (const kind of OLIST_KINDS) {
      for (const record of records[kind]()) {
        const at = recordInstant(kind, record as never);
        if (at < (openedAt.get(record.sellerId) ?? "~"))
          expect.fail(`${kind} at ${at} ${JSON.stringify(record)}`);
      }
    }
  });

  it("agrees with an independent reading of the files on the largest sellers", () => {
    const all = {
      orders: [...records.order()],
      shipments: [...records.shipment()],
      reviews: [...records.review()],
    };
    for (const expected of largestOlistSellers()) {
      const own = <T extends { readonly sellerId: string }>(rows: readonly T[]): T[] =>
        rows.filter((row) => row.sellerId === expected.sellerId);
      const orders = own(all.orders);
      const paid = orders.filter((order) => order.paidAt !== undefined);
      const shipments = own(all.shipments);
      const delivered = shipments.filter(({ deliveredAt }) => deliveredAt !== undefined);
      const onTime = delivered.filter(
        ({ deliveredAt = "", promisedDeliveryAt = "" }) => deliveredAt <= promisedDeliveryAt,
      );
      expect({
        createdCount: orders.length,
        orderCount: paid.length,
        cancelledCount: orders.filter(({ cancelledAt }) => cancelledAt !== undefined).length,
        gmvGrossMinor: sum(orders.map((order) => order.totalMinor)),
        gmvPaidMinor: sum(paid.map((order) => order.paidMinor ?? 0)),
        months: monthsOf(paid),
        shippedCount: shipments.length,
        deliveredCount: delivered.length,
        onTimeDeliveryRate: onTime.length / delivered.length,
        reviewCount: own(all.reviews).length,
        reviewMean: sum(own(all.reviews).map((review) => review.rating)) / own(all.reviews).length,
        buyerCount: new Set(paid.map((order) => order.buyerId)).size,
      }).toEqual(Object.fromEntries(Object.entries(expected).filter(([name]) => COMPARED.has(name))));
    }
  });

  it("is published whole, and a second time changes nothing", async () => {
    const door = await openFeedDoor(TOKEN);
    try {
      const first = await run(["--url", door.url, "--batch-records", "2000"]);
      expect(first.stderr).not.toContain("error");
      expect(first.code).toBe(0);
      const counts = (kind: string): number =>
        [...door.records.keys()].filter((key) => key.startsWith(`${kind}/`)).length;
      expect(OLIST_KINDS.filter(isFeedKind).map(counts)).toEqual([
        1_610,
        7_433,
        8_200,
        6_424,
        [...records.review()].length,
      ]);
      expect(first.stdout).not.toContain("DOES NOT BALANCE");
      const before = new Map(door.records);
      expect(
        await run(["--url", door.url, "--batch-records", "1999", "--key-prefix", "again"]),
      ).toMatchObject({ code: 0 });
      expect(door.records).toEqual(before);
    } finally {
      await door.close();
    }
  });

  it("publishes nothing in a dry run", async () => {
    expect(await run(["--dry-run"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("162,591.95"),
    });
  });
});

const COMPARED = new Set([
  "createdCount",
  "orderCount",
  "cancelledCount",
  "gmvGrossMinor",
  "gmvPaidMinor",
  "months",
  "shippedCount",
  "deliveredCount",
  "onTimeDeliveryRate",
  "reviewCount",
  "reviewMean",
  "buyerCount",
]);

function monthsOf(paid: readonly { readonly paidAt?: string; readonly paidMinor?: number }[]) {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: "America/Sao_Paulo",
    year: "numeric",
    month: "2-digit",
  });
  const months = new Map<string, { month: string; orderCount: number; gmvPaidMinor: number }>();
  for (const { paidAt = "", paidMinor = 0 } of paid) {
    const month = format.format(new Date(paidAt));
    const row = months.get(month) ?? { month, orderCount: 0, gmvPaidMinor: 0 };
    months.set(month, { month, orderCount: row.orderCount + 1, gmvPaidMinor: row.gmvPaidMinor + paidMinor });
  }
  return [...months.values()].sort((a, b) => (a.month < b.month ? -1 : 1));
}

async function run(flags: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const words = Promise.all([text(stdout), text(stderr)]);
  const terminal = { stdout, stderr, signal: new AbortController().signal, envToken: TOKEN };
  const code = await exitCodeOf(importOlist, [OLIST_SAMPLE, ...flags], terminal);
  stdout.end();
  stderr.end();
  const [out, err] = await words;
  return { code, stdout: out, stderr: err };
}
