import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../support/database.js";
import type { BatchReport } from "../../../schema/ports.js";
import { CHUNK_RECORDS_MAX } from "../../../subgraphs/host/feeds/read-batch.js";
import { bodyOf, type Ledger, openLedger, order } from "./ledger.js";

describe("a batch under its idempotency key", () => {
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
    ledger.owner.onApply = async () => {};
  });

  const orders = (from: number, until: number) =>
    Array.from({ length: until - from }, (_, index) => order(`o-${from + index}`));
  /** Kills the backend of the open batch, whatever it is doing; waits until there is one. */
  const killLoader = async () => {
    for (let killed = 0; killed === 0;) {
      const { rows } = await ledger.postgres.pool.query<{ killed: number }>(
        `select count(pg_terminate_backend(pid)) as killed from pg_stat_activity
         where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()`,
      );
      killed = rows[0]?.killed ?? 0;
    }
  };
  const landed = async () => (await ledger.versions(platform)).length;

  it("repeats its report for the same bytes, even when a correction came between", async () => {
    const first = await ledger.publish([order("o-1"), "{"], { platform, key: "k" });
    await ledger.publish([order("o-1", { totalMinor: 1 })], { platform });
    const again = await ledger.publish([order("o-1"), "{"], { platform, key: "k" });
    expect(again).toEqual({ ...first, repeated: true });
    expect(await ledger.intake.report(platform, "order", "k")).toEqual(again);
    expect((await ledger.facts(platform))[0]?.payload["totalMinor"]).toBe(1);
  });

  it("is refused for other bytes, even of the same meaning", async () => {
    await ledger.publish([order("o-1")], { platform, key: "k" });
    for (const body of [[order("o-2")], [`${JSON.stringify(order("o-1"))} `], []]) {
      await expect(ledger.publish(body, { platform, key: "k" })).rejects.toMatchObject({
        code: "FEED_KEY_REUSED",
      });
    }
    expect(await landed()).toBe(1);
  });

  it("has no report before it landed", async () => {
    expect(await ledger.intake.report(platform, "order", "never")).toBeUndefined();
  });

  it("lands once when it is sent several times at once", async () => {
    const sent = Array.from({ length: 4 }, () => ledger.publish(orders(0, 50), { platform, key: "k" }));
    const reports = await Promise.all(sent);
    expect(reports.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(new Set(reports.map(({ batchId }) => batchId)).size).toBe(1);
    expect(reports.every(({ accepted }) => accepted === 50)).toBe(true);
    expect(await landed()).toBe(50);
  });

  it("is refused to all but one when it is sent at once with different bytes", async () => {
    const sent = [1, 2, 3].map((totalMinor) =>
      ledger.publish([order("o-1", { totalMinor })], { platform, key: "k" }),
    );
    const results = await Promise.allSettled(sent);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "FEED_KEY_REUSED" });
    expect(await landed()).toBe(1);
  });

  it("batches of the same records under different keys, at once, count each record once", async () => {
    const batches = Array.from({ length: 6 }, () => ledger.publish(orders(0, 200), { platform }));
    const total = (await Promise.all(batches)).reduce(
      (sum: Pick<BatchReport, "accepted" | "duplicate">, report) => ({
        accepted: sum.accepted + report.accepted,
        duplicate: sum.duplicate + report.duplicate,
      }),
      { accepted: 0, duplicate: 0 },
    );
    expect(total).toEqual({ accepted: 200, duplicate: 1_000 });
    expect(await landed()).toBe(200);
  });

  it("a backend killed in the middle leaves nothing, and the retry lands all", async () => {
    ledger.owner.onApply = async () => {
      await killLoader();
    };
    const records = orders(0, 300);
    await expect(ledger.publish(records, { platform, key: "k" })).rejects.toMatchObject({
      code: "SERVICE_UNAVAILABLE",
    });
    expect(await landed()).toBe(0);
    expect(await ledger.facts(platform)).toEqual([]);
    expect(await ledger.intake.report(platform, "order", "k")).toBeUndefined();
    ledger.owner.onApply = async () => {};
    expect(await ledger.publish(records, { platform, key: "k" })).toMatchObject({
      accepted: 300,
      repeated: false,
    });
    expect(await ledger.facts(platform)).toHaveLength(300);
  });

  it("a backend killed between two chunks leaves nothing, and the retry lands all", async () => {
    const records = orders(0, CHUNK_RECORDS_MAX + 10);
    async function* interrupted() {
      yield* bodyOf(records.slice(0, CHUNK_RECORDS_MAX));
      await killLoader();
      yield* bodyOf(records.slice(CHUNK_RECORDS_MAX));
    }
    await expect(
      ledger.intake.publish({ platform, kind: "order", idempotencyKey: "k", body: interrupted() }),
    ).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    expect(await landed()).toBe(0);
    expect(await ledger.publish(records, { platform, key: "k" })).toMatchObject({ accepted: records.length });
    expect(await landed()).toBe(records.length);
  });

  it("a body that breaks off leaves nothing and gives the connection back", async () => {
    async function* broken() {
      yield* bodyOf(orders(0, CHUNK_RECORDS_MAX + 1));
      throw new Error("the sender went away");
    }
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const body =
        attempt === 0
          ? broken()
          : (async function* () {
              yield* bodyOf(orders(0, 5));
              throw new Error("gone");
            })();
      await expect(
        ledger.intake.publish({ platform, kind: "order", idempotencyKey: "k", body }),
      ).rejects.toThrow();
    }
    expect(await landed()).toBe(0);
    expect(await ledger.publish(orders(0, 3), { platform, key: "k" })).toMatchObject({ accepted: 3 });
  });

  it("a deadlock while applying is undone and tried again", async () => {
    let attempts = 0;
    ledger.owner.onApply = async () => {
      attempts += 1;
      if (attempts < 3) throw Object.assign(new Error("deadlock detected"), { code: "40P01" });
    };
    expect(await ledger.publish(orders(0, 10), { platform })).toMatchObject({ accepted: 10 });
    expect(attempts).toBe(3);
    expect(await landed()).toBe(10);
  });

  it("a bug of the owner is no outage: nothing lands and the error stays itself", async () => {
    ledger.owner.onApply = async () => {
      throw new TypeError("a bug");
    };
    await expect(ledger.publish(orders(0, 10), { platform, key: "k" })).rejects.toThrow(TypeError);
    expect(await landed()).toBe(0);
  });

  it("a chunk's end changes nothing: a key in two chunks is corrected, and lines count on", async () => {
    const records = [...orders(0, CHUNK_RECORDS_MAX), order("o-0", { totalMinor: 1 }), "{", order("o-1")];
    const report = await ledger.publish(records, { platform });
    expect(report).toMatchObject({ accepted: CHUNK_RECORDS_MAX, corrected: 1, duplicate: 1, rejected: 1 });
    expect(report.rejections[0]?.line).toBe(CHUNK_RECORDS_MAX + 2);
    expect(
      (await ledger.facts(platform)).find(({ record_key }) => record_key === "o-0")?.payload["totalMinor"],
    ).toBe(1);
  });
});
