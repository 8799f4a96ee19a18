import { describe, expect, test } from "vitest";
import { answer } from "../../../gateway/answer/index.js";
import { release } from "../../../gateway/answer/release.js";
import { exhausted, narrowed } from "../../../gateway/authorize/inquiry-of.js";
import type { Fetched, Recorded } from "../../../gateway/inquiry.js";
import { createRecord } from "../../../gateway/record/index.js";
import { decide } from "../../../schema/consent.js";
import type { InquiryEntry } from "../../../schema/ports.js";
import { CN_RULEBOOK } from "../../../schema/rulebook.js";
import {
  ALICE,
  BOB,
  NOW,
  ACCOUNTS,
  INDEX,
  openRecords,
  figuresOnly,
  merchantOf,
  fetchedOf,
  consentOf,
  inquiryOf,
  authorizedOf,
  asked,
} from "./levels-room.js";

describe("records in the answer", () => {
  test("leave where they were opened, and are withheld beside the figures with rule and article elsewhere", () => {
    const released = release(fetchedOf(authorizedOf()), INDEX);
    expect(JSON.parse(JSON.stringify(released.data))).toEqual({
      merchants: [
        { id: ALICE, sales: { count: 7, single: [{ id: `order-of-${ALICE}` }] }, payouts: null },
        { id: BOB, sales: { count: 7, single: null }, payouts: null },
      ],
    });
    expect(JSON.stringify(released)).not.toContain("payout-of");
    expect(JSON.stringify(released.data)).not.toContain(`order-of-${BOB}`);
    const level = (path: readonly (string | number)[], category: string, article: string) => ({
      path,
      extensions: {
        code: "LEVEL_NOT_CONSENTED",
        category,
        rule: "consent.level",
        article,
        fix: expect.any(String),
      },
    });
    expect(released.errors).toMatchObject([
      level(["merchants", 0, "payouts"], "SETTLEMENTS", "征信业务管理办法 第二十四条"),
      level(["merchants", 1, "sales", "single"], "TRANSACTIONS", "征信业管理条例 第二十条"),
      level(["merchants", 1, "payouts"], "SETTLEMENTS", "征信业管理条例 第二十条"),
    ]);
    expect([...(released.records.get(ALICE) ?? [])]).toEqual(["TRANSACTIONS"]);
    expect([...(released.records.get(BOB) ?? [])]).toEqual([]);
  });

  test("of a category that is withheld whole are told with the category's own code", () => {
    const inquiry = inquiryOf(BOB, { categories: ["SETTLEMENTS"] });
    const authorized = authorizedOf([inquiry]);
    const fetched = { ...fetchedOf(authorized), data: { merchants: [merchantOf(BOB)] } } as Fetched;
    const released = release(fetched, INDEX);
    expect(released.errors.map(({ path, extensions }) => [path?.join("."), extensions["code"]])).toEqual([
      ["merchants.0.sales", "SCOPE_NOT_CONSENTED"],
      ["merchants.0.payouts", "LEVEL_NOT_CONSENTED"],
    ]);
  });

  test("are on record by level, and what fell short of the decision as well", async () => {
    const entries: InquiryEntry[] = [];
    const log = {
      append: async (some: readonly InquiryEntry[]) => {
        entries.push(...some);
        return some.map(({ inquiryId }) => ({ inquiryId, recordedAt: NOW, leafHash: "" }));
      },
    };
    const authorized = authorizedOf();
    const recording = createRecord(log)(authorized);
    const withdrawn = narrowed(openRecords(), decide([], { ...asked(ALICE) }, CN_RULEBOOK, NOW));
    const later = release(fetchedOf(authorizedOf([withdrawn, figuresOnly()])), INDEX);
    await recording.complete(later);
    const levels = entries.map(({ stage, merchant, released, askedRecords, releasedRecords }) => [
      stage,
      merchant,
      released,
      askedRecords,
      releasedRecords,
    ]);
    const both = ["TRANSACTIONS", "SETTLEMENTS"];
    expect(levels).toEqual([
      // Nothing of the settlements leaves: single payouts alone were asked for, and nobody opens them.
      ["DECIDED", ALICE, ["TRANSACTIONS"], both, ["TRANSACTIONS"]],
      ["DECIDED", BOB, ["TRANSACTIONS"], both, []],
      ["WITHHELD", ALICE, [], both, []],
    ]);
  });

  test("come with level, accounts, stage, expiry and remaining uses in the note of the inquiry", () => {
    const loan = {
      purposeText: { en: "", zh: "" },
      categories: ["TRANSACTIONS" as const],
      lookbackMonths: 6,
      frequency: { count: 3, period: "MONTH" as const },
      lifeDays: 365,
    };
    const staged = inquiryOf(BOB, { loan });
    const released = release(fetchedOf(authorizedOf([openRecords(), staged])), INDEX);
    const { extensions } = answer({ released, receipts: new Map() } as unknown as Recorded);
    expect(extensions?.["inquiries"]).toMatchObject([
      {
        merchant: ALICE,
        decision: "PART_GRANTED",
        remainingUses: 9,
        consentExpiresAt: "2026-05-01T00:00:00.000Z",
        granted: [
          { category: "TRANSACTIONS", level: "RECORDS" },
          { category: "SETTLEMENTS", level: "SUMMARY" },
        ],
        withheld: [{ category: "SETTLEMENTS", level: "RECORDS", code: "LEVEL_NOT_CONSENTED" }],
        accounts: ACCOUNTS,
        stage: null,
      },
      { merchant: BOB, accounts: null, stage: "PRE_LOAN" },
    ]);
  });
});

describe("an inquiry that is taken back", () => {
  test("loses its records with its use, each level with the article of its merchant", () => {
    const inquiry = exhausted(openRecords(), CN_RULEBOOK);
    expect([inquiry.granted.size, inquiry.records.size]).toEqual([0, 0]);
    for (const withheld of [inquiry.withheld, inquiry.withheldRecords])
      expect(withheld.get("TRANSACTIONS")).toMatchObject({
        code: "CONSENT_EXHAUSTED",
        facts: { rule: "consent.frequency", article: "征信业务管理办法 第二十四条" },
      });
    expect(inquiry.rules.map(({ category, level }) => `${category} ${level}`)).toEqual([
      "TRANSACTIONS SUMMARY",
      "SETTLEMENTS SUMMARY",
      "TRANSACTIONS RECORDS",
      "SETTLEMENTS RECORDS",
    ]);
  });

  test("can lose its records alone, and never gains", () => {
    const before = openRecords();
    const less = decide([consentOf(ALICE, {})], asked(ALICE), CN_RULEBOOK, NOW);
    const after = narrowed(before, less);
    expect([[...after.granted], [...after.records]]).toEqual([["TRANSACTIONS", "SETTLEMENTS"], []]);
    expect(after.decision).toBe("PART_GRANTED");
    expect(after.withheldRecords.get("TRANSACTIONS")?.code).toBe("LEVEL_NOT_CONSENTED");
    const more = decide(
      [consentOf(ALICE, { records: ["TRANSACTIONS", "SETTLEMENTS"] })],
      asked(ALICE),
      CN_RULEBOOK,
      NOW,
    );
    expect(narrowed(before, more)).toBe(before);
  });
});
