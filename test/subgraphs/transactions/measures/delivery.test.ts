import { describe, expect, it } from "vitest";
import { bucketOf, bucketValue, ZERO_BUCKET } from "../../../../subgraphs/transactions/facts/log-buckets.js";
import { lateShipmentRate, onTimeShipRate } from "../../../../subgraphs/transactions/measures/delivery.js";
import { leadTime } from "../../../../subgraphs/transactions/measures/lead-times.js";
import { frame, row } from "../frames.js";

describe("Shipping", () => {
  it("splits promised shipments into on time and late", () => {
    const f = frame([row("2026-10", { shipPromisedOrders: 50, shipOnTimeOrders: 48 })]);
    expect(onTimeShipRate(f).value).toBe(0.96);
    expect(lateShipmentRate(f).value).toBe(0.04);
  });

  it("gives lead times in hours, none below 30 orders", () => {
    const f = frame([row("2026-10", { shippedOrders: 50 })]);
    expect(
      leadTime(f, [{ measure: "PAY_TO_SHIP", n: 50, p50: 7_200, p90: 36_000 }], "PAY_TO_SHIP"),
    ).toMatchObject({ p50: 2, p90: 10, unit: "hour" });
    expect(
      leadTime(f, [{ measure: "PAY_TO_SHIP", n: 29, p50: 7_200, p90: 36_000 }], "PAY_TO_SHIP"),
    ).toMatchObject({ p50: null, reason: "SAMPLE_TOO_SMALL" });
  });

  it("keeps every value within 0.5 % of its bucket's", () => {
    for (const value of [1, 2, 59, 3_600, 86_399, 123_456_789, 9_000_000_000_000]) {
      expect(Math.abs(bucketValue(bucketOf(value)) - value) / value).toBeLessThanOrEqual(0.005 + 1e-9);
    }
    expect([bucketOf(0), bucketValue(ZERO_BUCKET)]).toEqual([ZERO_BUCKET, 0]);
  });
});
