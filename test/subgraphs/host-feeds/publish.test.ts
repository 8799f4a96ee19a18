import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../support/database.js";
import { pseudonymOf } from "../../../subgraphs/host/feeds/pseudonymize.js";
import { bodyOf, type Ledger, openLedger, order, PLATFORM, PSEUDONYM_KEY } from "./ledger.js";

const A = "91990100MA0000A193";
const B = "92990100MA0000B234";

describe("publishing a batch", () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let ledger: Ledger;
  let platform: string;
  let count = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    ledger = await openLedger(database.open());
  });
  afterAll(async () => database.drop());
  beforeEach(() => {
    platform = `platform-${(count += 1)}`;
  });

  const publish = (records: readonly (object | string)[], key?: string) =>
    ledger.publish(records, key === undefined ? { platform } : { platform, key });

  it("lands the good lines and reports each bad one by line, pointer and code", async () => {
    const report = await publish([
      order("o-1"),
      "",
      "{oops",
      order("o-2", { totalMinor: -1 }),
      order("o-3", { platform: "another" }),
      order("o-4", { sellerId: "unknown" }),
      order("o-5", { zone: "Mars/Olympus" }),
      order("o-6", { zone: "America/Sao_Paulo", platform }),
      `{"a":${"[".repeat(100)}${"]".repeat(100)}}`,
      '{"__proto__":{"polluted":1},' + JSON.stringify(order("o-7")).slice(1),
      "[1]",
    ]);
    expect(report).toMatchObject({
      kind: "order",
      platform,
      repeated: false,
      receivedAt: "2024-06-01T00:00:00.000Z",
    });
    expect(report).toMatchObject({ accepted: 2, duplicate: 0, corrected: 0, rejected: 8 });
    expect(report.rejections.map(({ line, pointer, code }) => [line, pointer, code])).toEqual([
      [3, "", "FEED_RECORD_NOT_JSON"],
      [4, "/totalMinor", "FEED_RECORD_INVALID"],
      [5, "/platform", "FEED_PLATFORM_MISMATCH"],
      [6, "/sellerId", "FEED_ACCOUNT_UNKNOWN"],
      [7, "/zone", "FEED_RECORD_INVALID"],
      [9, "", "FEED_RECORD_INVALID"],
      [10, "/__proto__", "FEED_RECORD_INVALID"],
      [11, "", "FEED_RECORD_NOT_JSON"],
    ]);
    expect((await ledger.facts(platform)).map((fact) => fact.record_key)).toEqual(["o-1", "o-6"]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it("keeps the line, and every text as it came", async () => {
    const region = 'tab\\t, "quotes" \\\\ \u8ba2\u5355 \u{1f600} \\N \\.';
    await publish(["", order("back\\slash", { region })]);
    const [version] = await ledger.versions(platform);
    expect(version).toMatchObject({ record_key: "back\\slash", merchant_id: A, version: 1, line: 2 });
    expect(version?.payload).toEqual(order("back\\slash", { region }));
  });

  it("the same record again is a duplicate, whatever the order of its fields, and changes nothing", async () => {
    await publish([order("o-1")]);
    const before = await ledger.versions(platform);
    const { orderId, ...rest } = order("o-1");
    expect(await publish([{ ...rest, orderId, platform }])).toMatchObject({
      accepted: 0,
      duplicate: 1,
      corrected: 0,
    });
    expect(await ledger.versions(platform)).toEqual(before);
  });

  it("another content is a correction: a new version, the old one kept", async () => {
    await publish([order("o-1")]);
    const seen = { ...ledger.owner.seen };
    expect(await publish([order("o-1", { totalMinor: 90 }), order("o-2")])).toMatchObject({
      accepted: 1,
      corrected: 1,
    });
    expect(
      (await ledger.versions(platform)).map(({ record_key, version, payload }) => [
        record_key,
        version,
        payload?.["totalMinor"],
      ]),
    ).toEqual([
      ["o-1", 1, 100],
      ["o-1", 2, 90],
      ["o-2", 1, 100],
    ]);
    expect((await ledger.facts(platform)).map(({ payload }) => payload["totalMinor"])).toEqual([90, 100]);
    expect(ledger.owner.seen).toEqual({ changed: seen.changed + 1, fresh: seen.fresh + 1 });
  });

  it("within a batch a later line corrects an earlier one, and the last state stands", async () => {
    const report = await publish([
      order("o-1"),
      order("o-1"),
      order("o-1", { totalMinor: 90 }),
      order("o-1", { totalMinor: 90 }),
      order("o-1"),
      order("o-2"),
    ]);
    expect(report).toMatchObject({ accepted: 2, duplicate: 2, corrected: 2, rejected: 0 });
    expect(
      (await ledger.versions(platform)).map(({ record_key, version, line }) => [record_key, version, line]),
    ).toEqual([
      ["o-1", 1, 1],
      ["o-1", 2, 3],
      ["o-1", 3, 5],
      ["o-2", 1, 6],
    ]);
    expect((await ledger.facts(platform)).map(({ payload }) => payload["totalMinor"])).toEqual([100, 100]);
  });

  it("a record that changes hands leaves the old merchant and keeps its history there", async () => {
    await publish([order("o-1")]);
    expect(await publish([order("o-1", { sellerId: "B1" })])).toMatchObject({ accepted: 0, corrected: 1 });
    expect((await ledger.facts(platform)).map(({ merchant_id }) => merchant_id)).toEqual([B]);
    expect(
      (await ledger.versions(platform)).map(({ merchant_id, version, payload }) => [
        merchant_id,
        version,
        payload === null,
      ]),
    ).toEqual([
      [A, 1, false],
      [B, 2, false],
      [A, 2, true],
    ]);
    expect(await publish([order("o-1", { sellerId: "B1" }), order("o-1")])).toMatchObject({
      duplicate: 1,
      corrected: 1,
    });
    expect((await ledger.facts(platform)).map(({ merchant_id }) => merchant_id)).toEqual([A]);
  });

  it("a record passed on and back within a batch stays", async () => {
    await publish([order("o-1")]);
    await publish([order("o-1", { sellerId: "B1" }), order("o-1")]);
    expect((await ledger.facts(platform)).map(({ merchant_id }) => merchant_id)).toEqual([A]);
  });

  it("platforms and kinds do not meet under one record key or idempotency key", async () => {
    await publish([order("o-1")], "k");
    const other = await ledger.publish([order("o-1", { totalMinor: 1 })], {
      platform: `${platform}-b`,
      key: "k",
    });
    expect(other).toMatchObject({ accepted: 1, repeated: false });
    const social = { recordId: "o-1", sellerId: "A1", channel: "c", date: "2024-02-29", followers: 1 };
    expect(await ledger.publish([social], { platform, key: "k", kind: "social" })).toMatchObject({
      accepted: 1,
    });
  });

  it("the buyer is a pseudonym in everything that is stored", async () => {
    await publish([order("o-1", { buyerId: "plain-buyer" })]);
    const [version] = await ledger.versions(platform);
    expect(version?.payload?.["buyerId"]).toBe(pseudonymOf(PSEUDONYM_KEY, platform, "plain-buyer"));
    expect(JSON.stringify([await ledger.versions(platform), await ledger.facts(platform)])).not.toContain(
      "plain-buyer",
    );
  });

  it("the text of a review reaches its owner but not the raw record, and still corrects", async () => {
    const review = {
      reviewId: "r",
      sellerId: "A1",
      orderId: "o",
      rating: 3,
      createdAt: "2024-03-01T00:00:00Z",
      text: "Fine.",
    };
    await ledger.publish([review], { platform, kind: "review" });
    const edited = await ledger.publish([{ ...review, text: "Bad." }], { platform, kind: "review" });
    expect(edited).toMatchObject({ corrected: 1 });
    const versions = await ledger.versions(platform);
    expect(versions.map(({ record_key, payload }) => [record_key, payload?.["text"]])).toEqual([
      ["r/o", undefined],
      ["r/o", undefined],
    ]);
    expect((await ledger.facts(platform)).map(({ payload }) => payload["text"])).toEqual(["Bad."]);
  });

  it("the first 1,000 rejections are kept and the rest counted", async () => {
    const report = await publish(
      Array.from({ length: 2_500 }, (_, index) => (index % 2 === 0 ? "{" : order("o", { sellerId: "?" }))),
    );
    expect(report.rejected).toBe(2_500);
    expect(report.rejections.map(({ line }) => line)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => index + 1),
    );
  });

  it("an empty body is a batch of nothing", async () => {
    expect(await publish([], "empty")).toMatchObject({ accepted: 0, rejected: 0, repeated: false });
    expect(await publish([], "empty")).toMatchObject({ repeated: true });
  });

  it("a line that is too long fails the batch, and nothing of it lands", async () => {
    const records = [order("o-1"), order("o-2", { region: "x".repeat(1024 * 1024) })];
    await expect(publish(records, "long")).rejects.toMatchObject({
      code: "FEED_LINE_TOO_LONG",
      facts: { line: 2 },
    });
    expect(await ledger.versions(platform)).toEqual([]);
    expect(await publish([order("o-1")], "long")).toMatchObject({ accepted: 1, repeated: false });
  });

  it.each(["", "a b", "x".repeat(129), "\u8ba2"])("%j is no idempotency key", async (key) => {
    await expect(publish([order("o-1")], key)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });

  it("a kind of another owner is refused", async () => {
    const body = bodyOf([]);
    await expect(
      ledger.intake.publish({ platform: PLATFORM, kind: "payment", idempotencyKey: "k", body }),
    ).rejects.toMatchObject({ code: "FEED_KIND_UNKNOWN" });
    await expect(ledger.intake.report(PLATFORM, "payment", "k")).rejects.toMatchObject({
      code: "FEED_KIND_UNKNOWN",
    });
  });

  it("raw records cannot be changed, deleted or truncated", async () => {
    await publish([order("o-1")]);
    for (const statement of [
      "update ledger.feed_record set line = 0",
      "delete from ledger.feed_record",
      "truncate ledger.feed_record",
    ]) {
      await expect(ledger.postgres.pool.query(statement)).rejects.toThrow(/append-only/);
    }
  });

  it("every zone of the database that the runtime knows is accepted", async () => {
    const { rows } = await ledger.postgres.pool.query<{ name: string }>(
      "select name from pg_timezone_names where name ~ '^[A-Z][a-z]+/' and name !~ 'posix|right' order by name",
    );
    const report = await publish(rows.map(({ name }) => order(name, { zone: name })));
    expect(rows.length).toBeGreaterThan(300);
    expect(report.rejected).toBeLessThan(rows.length / 20);
    const valid =
      "select count(*) as n from ledger.fact where platform = $1 and now() at time zone (payload->>'zone') is not null";
    expect((await ledger.postgres.pool.query(valid, [platform])).rows).toEqual([{ n: report.accepted }]);
  });
});
