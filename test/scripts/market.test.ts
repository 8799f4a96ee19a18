import { createHash } from "node:crypto";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { FeedKind } from "../../schema/feeds/kinds.js";
import type { AccountRecord, FeedRecords, OrderRecord, ShipmentRecord } from "../../schema/feeds/records.js";
import { FEED_SCHEMAS } from "../../schema/feeds/schemas.js";
import { isUsccChecksumValid } from "../../schema/uscc.js";
import { generateMarket, type Market, MARKET_PLATFORMS } from "../../scripts/market.js";

const UNTIL = new Date("2026-03-10T06:30:00.000Z");
const SMALL = { seed: 11, merchants: 60, months: 8, orders: 5_000, until: UNTIL };
const INSTANT_FIELDS = /At$/;

describe("the synthetic market", () => {
  const market = generateMarket(SMALL);

  it("publishes records that match their schemas", () => {
    const ajv = new Ajv2020({ strict: true, formats: { "date-time": true, date: true } });
    const seen = new Map<FeedKind, number>();
    for (const { kind, records } of market.feeds) {
      const validate = ajv.getSchema(`urn:xinqiao:feed:${kind}:1`) ?? ajv.compile(FEED_SCHEMAS[kind]);
      for (const record of records()) {
        if (validate(record) !== true)
          expect.fail(`${kind} ${JSON.stringify(record)}: ${ajv.errorsText(validate.errors)}`);
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
    }
    for (const kind of Object.keys(FEED_SCHEMAS))
      expect(seen.get(kind as FeedKind) ?? 0, kind).toBeGreaterThan(50);
  });

  it("is the same bytes for the same seed, and others for another", () => {
    expect(digest(generateMarket(SMALL))).toBe(digest(market));
    expect(digest(generateMarket({ ...SMALL, seed: 12 }))).not.toBe(digest(market));
  });

  it("holds no instant after its end, and reaches it", () => {
    let latest = "";
    for (const { kind, records } of market.feeds) {
      for (const record of records()) {
        for (const [name, value] of Object.entries(record)) {
          if (INSTANT_FIELDS.test(name) && String(value) > latest) latest = String(value);
        }
        if (kind === "social") expect((record as FeedRecords["social"]).date < "2026-03-10").toBe(true);
      }
    }
    expect(latest <= UNTIL.toISOString()).toBe(true);
    expect(latest > "2026-03-10T00").toBe(true);
  });

  it("gives each record an account that was open before, and each platform only its own kinds", () => {
    const opened = new Map<string, string>();
    for (const { platform, kind, records } of market.feeds) {
      expect(MARKET_PLATFORMS.find(({ id }) => id === platform)?.feeds).toContain(kind);
      for (const record of records()) {
        const account = `${platform}/${record.sellerId}`;
        if (kind === "account") opened.set(account, (record as AccountRecord).openedAt);
        else expect((opened.get(account) ?? "none") < firstInstant(record)).toBe(true);
      }
    }
  });

  it("names every order that another platform speaks of, once", () => {
    const orders = new Set([...run(market, "order")].map((order) => order.orderId));
    expect(orders.size).toBe([...run(market, "order")].length);
    for (const kind of ["payment", "shipment", "settlement", "refund"] as const) {
      for (const record of run(market, kind)) expect(orders.has(record.orderId)).toBe(true);
    }
  });

  it("has valid codes of an unassigned division, of both regimes, each once", () => {
    const codes = market.merchants.map(({ merchantId }) => merchantId);
    expect(codes.every((code) => isUsccChecksumValid(code) && /^9[12]9901/.test(code))).toBe(true);
    expect(new Set(codes).size).toBe(SMALL.merchants);
    expect(new Set(codes.map((code) => code.slice(0, 2)))).toEqual(new Set(["91", "92"]));
  });

  it("has the stories a bureau must tell apart", () => {
    const whole = generateMarket({ seed: 3, until: UNTIL });
    const count = (story: string) => whole.merchants.filter((merchant) => merchant.story === story).length;
    expect(count("BRUSHING")).toBeGreaterThanOrEqual(5);
    expect(count("YOUNG")).toBeGreaterThanOrEqual(10);
    expect(count("STOPPED")).toBeGreaterThanOrEqual(3);
    expect(whole.demo.brushing.story).toBe("BRUSHING");
    expect(whole.demo.young.story).toBe("YOUNG");
    expect(whole.demo.ordinary.story).toBe("ORDINARY");
    const sizes = whole.merchants.map(({ ordersPerDay }) => ordersPerDay).sort((a, b) => a - b);
    expect((sizes[100] ?? 0) < sizes.reduce((sum, size) => sum + size, 0) / 200).toBe(true);
  });

  it("lets parcels of bought orders fly, and no others", () => {
    const brushers = new Set(
      market.merchants
        .filter(({ story }) => story === "BRUSHING")
        .map(({ sellers }) => sellers.get("shunda-express")),
    );
    const fast = [...run(market, "shipment")].filter(
      ({ shippedAt, deliveredAt }) => hoursBetween(shippedAt, deliveredAt) < 4,
    );
    expect(fast.length).toBeGreaterThan(100);
    expect(fast.every(({ sellerId }) => brushers.has(sellerId))).toBe(true);
  });

  it("keeps a tail of orders that are paid and not yet settled", () => {
    const settled = new Set([...run(market, "settlement")].map(({ orderId }) => orderId));
    const open = [...run(market, "order")].filter(
      (order) => order.paidAt !== undefined && order.cancelledAt === undefined && !settled.has(order.orderId),
    );
    const recent = open.filter(({ createdAt }) => createdAt > "2026-02-10");
    expect(recent.length).toBeGreaterThan(20);
    expect(recent.length / open.length).toBeGreaterThan(0.3);
  });

  it("follows the seasons: 11.11 is the busiest day of its year and the Lunar New Year a quiet one", () => {
    const days = new Map<string, number>();
    const year = generateMarket({ seed: 5, merchants: 40, months: 13, orders: 20_000, until: UNTIL });
    const brushers = new Set(
      year.merchants
        .filter(({ story }) => story === "BRUSHING")
        .map(({ sellers }) => sellers.get("taoyuan-market")),
    );
    for (const { createdAt, sellerId } of run(year, "order")) {
      if (brushers.has(sellerId)) continue;
      const day = new Date(Date.parse(createdAt) + 8 * 3_600_000).toISOString().slice(0, 10);
      days.set(day, (days.get(day) ?? 0) + 1);
    }
    const average = [...days.values()].reduce((sum, count) => sum + count, 0) / days.size;
    expect(days.get("2025-11-11")).toBe(Math.max(...days.values()));
    expect(days.get("2026-02-17") ?? 0).toBeLessThan(average / 2);
  });

  it("refuses options out of bounds", () => {
    expect(() => generateMarket({ ...SMALL, merchants: 2 })).toThrow(RangeError);
    expect(() => generateMarket({ ...SMALL, months: 61 })).toThrow(RangeError);
  });
});

function* run<K extends FeedKind>(market: Market, kind: K): Generator<FeedRecords[K]> {
  for (const feed of market.feeds) if (feed.kind === kind) yield* feed.records() as Generator<FeedRecords[K]>;
}

function digest(market: Market): string {
  const hash = createHash("sha256");
  for (const { platform, kind, records } of market.feeds) {
    for (const record of records()) hash.update(`${platform}/${kind} ${JSON.stringify(record)}\n`);
  }
  return hash.digest("hex");
}

function firstInstant(record: object): string {
  const { createdAt, paidAt, requestedAt, shippedAt, settledAt, date } = record as OrderRecord &
    ShipmentRecord & {
      requestedAt?: string;
      settledAt?: string;
      date?: string;
    };
  return createdAt ?? requestedAt ?? shippedAt ?? settledAt ?? paidAt ?? `${date}T23:59:59Z`;
}

function hoursBetween(from: string, until: string | undefined): number {
  return until === undefined ? Number.POSITIVE_INFINITY : (Date.parse(until) - Date.parse(from)) / 3_600_000;
}
