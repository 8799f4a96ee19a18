import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isBalanced } from "../../scripts/import/dataset/balance.js";
import { readAll } from "../../scripts/import/dataset/read-csv.js";
import { exitCodeOf } from "../../scripts/feed-client/terminal.js";
import { importTmall, reconcileTmall } from "../../scripts/import/tmall/import-command.js";
import { mapTmall } from "../../scripts/import/tmall/map-tmall.js";
import { readTmallReport } from "../../scripts/import/tmall/tmall-rows.js";
import { recordKey } from "../../subgraphs/host/feeds/record-identity.js";
import { validateRecord } from "../../subgraphs/host/feeds/validate-record.js";
import { openFeedDoor } from "../support/feed-door.js";

const REPORT = path.resolve(
  import.meta.dirname,
  "../../../shared/data/tmall-orders/tmall_order_report.csv.gz",
);
const TOKEN = "a-tmall-token";
const KINDS = ["account", "order", "payment", "refund"] as const;

const HEADER = [
  "\u8ba2\u5355\u7f16\u53f7",
  "\u603b\u91d1\u989d",
  "\u4e70\u5bb6\u5b9e\u9645\u652f\u4ed8\u91d1\u989d",
  "\u6536\u8d27\u5730\u5740 ",
  "\u8ba2\u5355\u521b\u5efa\u65f6\u95f4",
  "\u8ba2\u5355\u4ed8\u6b3e\u65f6\u95f4 ",
  "\u9000\u6b3e\u91d1\u989d",
].join(",");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "tmall-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function report(...lines: string[]): Promise<string> {
  const file = path.join(folder, "report.csv");
  await writeFile(file, [HEADER, ...lines].join("\n"));
  return file;
}

describe("a Tmall report", () => {
  it("becomes orders that paid the total, and refunds beside them", async () => {
    const file = await report(
      "1,178.8,0.0,Shanghai,2020-02-21 00:00:00,,0.0",
      "2,21.0,16.5,Anhui,2020-02-20 23:59:54,2020-02-21 00:00:02,4.5",
    );
    const records = mapTmall(await readAll(readTmallReport(file)));
    expect(records.order).toMatchObject([
      { orderId: "1", totalMinor: 17_880, createdAt: "2020-02-20T16:00:00.000Z" },
      {
        orderId: "2",
        totalMinor: 2_100,
        paidMinor: 2_100,
        paidAt: "2020-02-20T16:00:02.000Z",
        region: "Anhui",
      },
    ]);
    expect(records.order[0]).not.toHaveProperty("paidAt");
    expect(records.payment).toMatchObject([{ paymentId: "2", amountMinor: 2_100 }]);
    expect(records.refund).toMatchObject([
      { refundId: "2", amountMinor: 450, refundedAt: "2020-02-20T16:00:02.000Z" },
    ]);
    expect(records.account).toMatchObject([{ openedAt: "2020-02-20T15:59:54.000Z" }]);
  });

  it.each([
    [
      "a paid order whose refund and net miss the total",
      "1,10.0,6.0,X,2020-02-20 23:59:54,2020-02-21 00:00:02,3.0",
    ],
    ["an unpaid order with money", "1,10.0,10.0,X,2020-02-20 23:59:54,,0.0"],
    ["a time that is none", "1,10.0,10.0,X,2020-02-30 23:59:54,2020-02-21 00:00:02,0.0"],
    ["an amount that is none", "1,ten,10.0,X,2020-02-20 23:59:54,2020-02-21 00:00:02,0.0"],
  ])("is refused by row for %s", async (_, line) => {
    const result = await run(await report(line), ["--dry-run"]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining("report.csv, row 2: ") });
  });

  it("is refused when it is empty", async () => {
    expect(await run(await report(), ["--dry-run"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("has no orders"),
    });
  });
});

if (!existsSync(REPORT)) process.stderr.write(`skipped: the Tmall report is not at ${REPORT}\n`);

describe.skipIf(!existsSync(REPORT))("the Tmall report of February 2020", () => {
  it("holds refund + net = total in the result, to the fen", async () => {
    const orders = await readAll(readTmallReport(REPORT));
    const balances = reconcileTmall(orders, mapTmall(orders));
    expect(balances.filter((balance) => !isBalanced(balance))).toEqual([]);
    expect(balances.map(({ whole }) => whole)).toEqual([
      { count: 28_010, amountMinor: 299_576_061 },
      { count: 24_087, amountMinor: 247_482_307 },
      { count: 5_646, amountMinor: 57_233_592 },
      { count: 24_087, amountMinor: 247_482_307 },
    ]);
  });

  it("makes records that match their schema, each with a key of its own", async () => {
    const records = mapTmall(await readAll(readTmallReport(REPORT)));
    for (const kind of KINDS) {
      const keys = new Set<string>();
      for (const record of records[kind]) {
        const verdict = validateRecord(kind, record);
        if ("refusal" in verdict) expect.fail(JSON.stringify([record, verdict.refusal]));
        keys.add(recordKey(kind, verdict.record as never));
      }
      expect(keys.size).toBe(records[kind].length);
    }
  });

  it("is published whole", async () => {
    const door = await openFeedDoor(TOKEN);
    try {
      const result = await run(REPORT, ["--url", door.url]);
      expect(result).toMatchObject({ code: 0, stdout: expect.not.stringContaining("DOES NOT BALANCE") });
      expect(door.records.size).toBe(1 + 28_010 + 24_087 + 5_646);
    } finally {
      await door.close();
    }
  });
});

async function run(file: string, flags: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const words = Promise.all([text(stdout), text(stderr)]);
  const terminal = { stdout, stderr, signal: new AbortController().signal, envToken: TOKEN };
  const code = await exitCodeOf(importTmall, [file, ...flags], terminal);
  stdout.end();
  stderr.end();
  const [out, err] = await words;
  return { code, stdout: out, stderr: err };
}
