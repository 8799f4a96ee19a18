import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publishRecords, type PublishOptions } from "../../scripts/feed-client/publish-records.js";
import type { PublishTotals } from "../../scripts/feed-client/publish-totals.js";
import { type FeedDoor, openFeedDoor } from "../support/feed-door.js";

const TOKEN = "a-platform-token";
let door: FeedDoor;

beforeEach(async () => {
  door = await openFeedDoor(TOKEN);
});
afterEach(async () => {
  await door.close();
});

function orders(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    orderId: `o-${index}`,
    sellerId: "s-1",
    currency: "CNY",
    totalMinor: index,
    createdAt: "2024-03-01T00:00:00Z",
  }));
}

function publish(records: Iterable<object>, more: Partial<PublishOptions> = {}): Promise<PublishTotals> {
  return publishRecords({
    baseUrl: door.url,
    kind: "order",
    token: TOKEN,
    keyPrefix: "test",
    batchRecords: 10,
    records,
    retry: { attemptsMax: 4, waitMs: 1, waitMsMax: 4 },
    ...more,
  });
}

describe("publishing records", () => {
  it("sends batches of the asked size in order and sums their reports", async () => {
    const seen: number[] = [];
    const totals = await publish(orders(25), { onProgress: (soFar) => seen.push(soFar.records) });
    expect(totals).toMatchObject({
      batches: 3,
      repeated: 0,
      records: 25,
      accepted: 25,
      duplicate: 0,
      rejected: 0,
    });
    expect(seen).toEqual([10, 20, 25]);
    expect(door.records.size).toBe(25);
    expect(door.posts.every((key) => /^test\.\d\.[0-9a-f]{64}$/.test(key))).toBe(true);
  });

  it("sends nothing for no records", async () => {
    expect(await publish([])).toMatchObject({ batches: 0, records: 0 });
    expect(door.posts).toEqual([]);
  });

  it("keeps two batches of equal content apart, so that the second counts as duplicates", async () => {
    const totals = await publish([...orders(10), ...orders(10)]);
    expect(totals).toMatchObject({ batches: 2, accepted: 10, duplicate: 10, repeated: 0 });
  });

  it("repeats a refused, throttled or dropped batch until it lands, once", async () => {
    door.faults.push("refuse", "drop", "throttle", undefined);
    const totals = await publish(orders(10));
    expect(totals).toMatchObject({ accepted: 10, repeated: 0 });
    expect(door.posts).toHaveLength(4);
    expect(new Set(door.posts).size).toBe(1);
  });

  it("counts a batch once whose answer was lost after it had landed", async () => {
    door.faults.push("lose");
    const totals = await publish(orders(10));
    expect(totals).toMatchObject({ accepted: 10, duplicate: 0, repeated: 1 });
    expect(door.records.size).toBe(10);
  });

  it("resumes a broken run behind the last acknowledged batch, with the totals of a whole one", async () => {
    door.faults.push(undefined, undefined, "drop", "drop", "drop", "drop");
    await expect(publish(orders(45))).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
    expect(door.records.size).toBe(20);
    const before = door.posts.length;
    const totals = await publish(orders(45));
    expect(totals).toMatchObject({ batches: 5, repeated: 2, records: 45, accepted: 45, duplicate: 0 });
    expect(door.posts.length - before).toBe(3);
    expect(door.records.size).toBe(45);
  });

  it("answers a whole repeat from the reports without sending a record", async () => {
    const first = await publish(orders(25));
    const posts = door.posts.length;
    const second = await publish(orders(25));
    expect(second).toEqual({ ...first, repeated: 3 });
    expect(door.posts).toHaveLength(posts);
  });

  it("publishes again under another prefix", async () => {
    await publish(orders(10));
    expect(await publish(orders(10), { keyPrefix: "again" })).toMatchObject({
      accepted: 0,
      duplicate: 10,
      repeated: 0,
    });
  });

  it("does not repeat what the gateway will never take", async () => {
    await expect(publish(orders(10), { token: "another" })).rejects.toMatchObject({
      code: "TOKEN_INVALID",
      status: 401,
    });
    expect(door.posts).toEqual([]);
  });

  it("gives up after the last attempt with the gateway's code", async () => {
    door.faults.push("refuse", "refuse", "refuse", "refuse");
    await expect(publish(orders(10))).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE", status: 503 });
    expect(door.posts).toHaveLength(4);
  });

  it("refuses an answer that is no report, and a report that does not account for every record", async () => {
    door.faults.push("garbage");
    await expect(publish(orders(10))).rejects.toMatchObject({ code: "RESPONSE_INVALID" });
    door.faults.push("miscount");
    await expect(publish(orders(10))).rejects.toMatchObject({ code: "RECORDS_UNACCOUNTED" });
  });

  it("stops between batches when asked to, and loses nothing that was acknowledged", async () => {
    const abort = new AbortController();
    await expect(
      publish(orders(30), { signal: abort.signal, onProgress: () => abort.abort() }),
    ).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(door.records.size).toBe(10);
    expect(await publish(orders(30))).toMatchObject({ accepted: 30, repeated: 1 });
  });

  it("stops a wait when asked to", async () => {
    const abort = new AbortController();
    door.faults.push("drop");
    const retry = { attemptsMax: 3, waitMs: 60_000, waitMsMax: 60_000 };
    await expect(
      publish(orders(1), { retry, signal: abort.signal, onRetry: () => abort.abort() }),
    ).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  it("names rejections by their line in the whole input", async () => {
    const records: object[] = orders(25);
    records[13] = { orderId: "broken" };
    const totals = await publish(records);
    expect(totals).toMatchObject({ accepted: 24, rejected: 1 });
    expect(totals.rejections).toMatchObject([{ line: 14, code: "FEED_RECORD_INVALID" }]);
  });
});
