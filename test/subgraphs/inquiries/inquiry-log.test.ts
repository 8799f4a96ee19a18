import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Postgres } from "../../../foundation/postgres.js";
import type { InquiryLog } from "../../../schema/ports.js";
import { createInquiryLog } from "../../../subgraphs/inquiries/index.js";
import { ALICE, BOB, entryOf, type InquiryRoomTest, openInquiryRoom } from "./inquiry-room.js";

let room: InquiryRoomTest;
let pool: Postgres;
let log: InquiryLog;
let statements: string[];

beforeEach(async () => {
  room = await openInquiryRoom();
  statements = [];
  pool = room.database.open({ poolMax: 2, onStatement: (text) => statements.push(text) });
  log = createInquiryLog({ postgres: pool, timeoutMs: 500 });
});
afterEach(() => room.close());

const rowsOf = async (columns = "*") =>
  (await room.postgres.pool.query(`select ${columns} from inquiries.entry order by recorded_at, inquiry_id`))
    .rows;
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "done",
    (error: { code?: string }) => error.code,
  );

describe("the log", () => {
  test("keeps the whole entry, and its receipt can be computed again from what it keeps", async () => {
    const entry = entryOf();
    const [receipt] = await log.append([entry]);
    const [row] = await rowsOf("merchant_id, stage, entry, encode(leaf_hash, 'hex') as hash, recorded_at");
    expect(row).toMatchObject({ merchant_id: ALICE, stage: "DECIDED", entry, hash: receipt?.leafHash });
    expect(row.recorded_at).toEqual(receipt?.recordedAt);
    expect(receipt?.inquiryId).toBe(entry.inquiryId);
    // Written out by hand: keys sorted, no blanks, a zero byte in front.
    const rules = entry.rules.map(
      (rule) =>
        `{"allowed":${rule.allowed},"article":"${rule.article}","category":"${rule.category}","code":"${rule.code}","rule":"${rule.rule}"}`,
    );
    const canonical =
      `{"asked":["IDENTITY","REVIEWS"],"asker":"demo-bank","clientId":"demo-bank-client","consentId":"${entry.consentId}","consentVersion":1,` +
      `"decision":"PART_GRANTED","inquiryId":"${entry.inquiryId}","merchant":"${ALICE}","months":{"from":"2025-04","until":"2026-04"},` +
      `"operationSha256":"${entry.operationSha256}","party":"bank","purpose":"PRE_LOAN_ASSESSMENT","reference":"CASE-1","released":["IDENTITY"],` +
      `"rulebook":"CN-2026.1","rules":[${rules.join(",")}],"stage":"DECIDED"}`;
    expect(receipt?.leafHash).toBe(createHash("sha256").update(`\0${canonical}`).digest("hex"));
  });

  test("gives the same hash whatever the order of the entry's members, and another for any change", async () => {
    const entry = entryOf();
    const shuffled = Object.fromEntries(Object.entries(entry).toReversed()) as typeof entry;
    const [first] = await log.append([entry]);
    const [second] = await log.append([{ ...shuffled, stage: "WITHHELD" }]);
    const other = createInquiryLog({ postgres: (await secondRoom()).postgres, timeoutMs: 5_000 });
    expect((await other.append([shuffled]))[0]?.leafHash).toBe(first?.leafHash);
    expect(second?.leafHash).not.toBe(first?.leafHash);
    await rooms.pop()?.close();
  });

  test("records an inquiry about a merchant that nobody knows, and one that was refused", async () => {
    await log.append([
      entryOf({
        merchant: "93990100MA0000C387",
        decision: "REFUSED",
        released: [],
        consentId: null,
        consentVersion: null,
        months: null,
      }),
    ]);
    expect(
      await rowsOf("merchant_id, entry->>'decision' as decision, entry->'consentId' as consent"),
    ).toEqual([{ merchant_id: "93990100MA0000C387", decision: "REFUSED", consent: null }]);
  });

  test("shares one commit among all who wait, and gives each its own receipts in order", async () => {
    const calls = Array.from({ length: 100 }, (_, i) => [
      entryOf({ reference: `A-${i}` }),
      entryOf({ reference: `B-${i}`, merchant: BOB }),
    ]);
    const receipts = await Promise.all(calls.map((entries) => log.append(entries)));
    expect(receipts.map((list) => list.map(({ inquiryId }) => inquiryId))).toEqual(
      calls.map((list) => list.map(({ inquiryId }) => inquiryId)),
    );
    expect(await rowsOf()).toHaveLength(200);
    expect(statements.filter((text) => text === "commit")).toHaveLength(1);
    expect(statements.some((text) => text.includes("synchronous_commit = on"))).toBe(true);
  });

  test("of entries of one call takes all or none, and a refused call harms no other", async () => {
    const taken = entryOf();
    await log.append([taken]);
    const fresh = entryOf();
    const bystander = entryOf();
    const outcomes = await Promise.all([log.append([fresh, taken]), log.append([bystander])].map(codeOf));
    expect(outcomes).toEqual(["INQUIRY_NOT_RECORDED", "done"]);
    expect((await rowsOf("inquiry_id")).map((row) => row.inquiry_id).toSorted()).toEqual(
      [taken.inquiryId, bystander.inquiryId].toSorted(),
    );
  });

  test("refuses an entry that has no canonical form", async () => {
    expect(await codeOf(log.append([entryOf({ consentVersion: Number.NaN })]))).toBe("INQUIRY_NOT_RECORDED");
    expect(await codeOf(log.append([entryOf({ reference: "a\u0000b" })]))).toBe("INQUIRY_NOT_RECORDED");
    expect(await rowsOf()).toEqual([]);
  });

  test("appends nothing for nothing", async () => {
    expect(await log.append([])).toEqual([]);
    expect(statements).toEqual([]);
  });
});

describe("the database itself", () => {
  test.each([
    "update inquiries.entry set asker = 'x'",
    "delete from inquiries.entry",
    "truncate inquiries.entry",
  ])("refuses %s", async (text) => {
    await log.append([entryOf()]);
    await expect(room.postgres.pool.query(text)).rejects.toMatchObject({ code: "23001" });
    expect(await rowsOf()).toHaveLength(1);
  });
});

describe("when the record cannot be made durable", () => {
  test("a slow database means INQUIRY_NOT_RECORDED, its connection is destroyed, and the next append is good", async () => {
    await log.append([entryOf()]);
    const pidOf = async () => (await pool.pool.query("select pg_backend_pid() as pid")).rows[0].pid as number;
    const before = await pidOf();
    const blocker = await room.postgres.pool.connect();
    await blocker.query("begin; lock table inquiries.entry in access exclusive mode");
    expect(await Promise.all([log.append([entryOf()]), log.append([entryOf()])].map(codeOf))).toEqual([
      "INQUIRY_NOT_RECORDED",
      "INQUIRY_NOT_RECORDED",
    ]);
    await blocker.query("rollback");
    blocker.release();
    expect(await codeOf(log.append([entryOf()]))).toBe("done");
    expect(await pidOf()).not.toBe(before);
  });

  test("what was acknowledged is there and what was cut off was not acknowledged", async () => {
    const entries = Array.from({ length: 60 }, () => entryOf());
    const settled = Promise.allSettled(
      entries.map(async (entry, i) => {
        await new Promise((resolve) => setTimeout(resolve, i));
        return log.append([entry]);
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    await room.postgres.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()",
    );
    const outcomes = await settled;
    const kept = new Set((await rowsOf("inquiry_id")).map((row) => row.inquiry_id));
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") expect(kept).toContain(entries[i]?.inquiryId);
      else expect(outcome.reason.code).toBe("INQUIRY_NOT_RECORDED");
    }
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(10);
  });

  test("a database that is gone means INQUIRY_NOT_RECORDED", async () => {
    await pool.pool.end();
    expect(await codeOf(log.append([entryOf()]))).toBe("INQUIRY_NOT_RECORDED");
  });
});

const rooms: InquiryRoomTest[] = [];
async function secondRoom(): Promise<InquiryRoomTest> {
  const opened = await openInquiryRoom();
  rooms.push(opened);
  return opened;
}
