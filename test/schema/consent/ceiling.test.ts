import { describe, expect, test } from "vitest";
import { type AgreedTerms, withinCeiling } from "../../../schema/consent/ceiling.js";
import type { FrequencyPeriod, Purpose } from "../../../schema/purposes.js";
import { CN_RULEBOOK, usesAtMost } from "../../../schema/rulebook.js";
import { RULE_IDS } from "../../../schema/rulebook-form.js";

const START = "2026-03-01T00:00:00.000Z";
const TERMS: AgreedTerms = {
  categories: ["IDENTITY", "TRANSACTIONS"],
  lookbackMonths: 36,
  startsAt: START,
  expiresAt: "2026-05-30T00:00:00.000Z",
  frequency: { count: 30, period: "MONTH" },
};

function problems(over: Partial<AgreedTerms>, purpose: Purpose = "PRE_LOAN_ASSESSMENT") {
  return withinCeiling(purpose, { ...TERMS, ...over }, CN_RULEBOOK).map(
    ({ field, rule, code }) => `${field} ${rule} ${code}`,
  );
}

describe("withinCeiling", () => {
  test("terms at the very ceiling may be agreed", () => {
    expect(problems({})).toEqual([]);
  });

  test.each([
    [
      "a life of one millisecond too long",
      { expiresAt: "2026-05-30T00:00:00.001Z" },
      "expiresAt ceiling.life PURPOSE_CEILING_EXCEEDED",
    ],
    ["an end at the start", { expiresAt: START }, "expiresAt ceiling.life BAD_USER_INPUT"],
    ["an end that is no instant", { expiresAt: "soon" }, "expiresAt ceiling.life BAD_USER_INPUT"],
    [
      "one month too many",
      { lookbackMonths: 37 },
      "lookbackMonths ceiling.lookback PURPOSE_CEILING_EXCEEDED",
    ],
    ["no months", { lookbackMonths: 0 }, "lookbackMonths ceiling.lookback BAD_USER_INPUT"],
    ["half a month", { lookbackMonths: 1.5 }, "lookbackMonths ceiling.lookback BAD_USER_INPUT"],
    [
      "one inquiry too many",
      { frequency: { count: 31, period: "MONTH" } },
      "frequency ceiling.frequency PURPOSE_CEILING_EXCEEDED",
    ],
    [
      "one a day, which can be 31 a month",
      { frequency: { count: 1, period: "DAY" } },
      "frequency ceiling.frequency PURPOSE_CEILING_EXCEEDED",
    ],
    [
      "six a week, which can be 36 a month",
      { frequency: { count: 6, period: "WEEK" } },
      "frequency ceiling.frequency PURPOSE_CEILING_EXCEEDED",
    ],
    [
      "31 in all, which can be in one month",
      { frequency: { count: 31, period: "TOTAL" } },
      "frequency ceiling.frequency PURPOSE_CEILING_EXCEEDED",
    ],
    [
      "no inquiries",
      { frequency: { count: 0, period: "MONTH" } },
      "frequency ceiling.frequency BAD_USER_INPUT",
    ],
    ["no categories", { categories: [] }, "categories ceiling.category BAD_USER_INPUT"],
  ] as const)("%s is refused", (_name, over, expected) => {
    expect(problems(over)).toEqual([expected]);
  });

  test.each([
    ["five a week", { frequency: { count: 5, period: "WEEK" } }],
    ["thirty in all", { frequency: { count: 30, period: "TOTAL" } }],
  ] as const)("%s may be agreed", (_name, over) => {
    expect(problems(over)).toEqual([]);
  });

  test("a category that the purpose does not need is refused", () => {
    expect(problems({ lookbackMonths: 12, frequency: { count: 4, period: "MONTH" } }, "COLLECTION")).toEqual([
      "categories ceiling.category PURPOSE_CEILING_EXCEEDED",
    ]);
  });

  test("a bank cannot agree on the merchant's own purpose", () => {
    expect(problems({}, "OWN_QUERY")).toEqual(["purpose ceiling.purpose PURPOSE_CEILING_EXCEEDED"]);
  });

  const LOAN = {
    categories: ["TRANSACTIONS"],
    lookbackMonths: 12,
    frequency: { count: 31, period: "MONTH" },
    lifeDays: 1_825,
  } as const;
  const account = { platform: "market", sellerId: "shop" };

  test("records, accounts and loan terms at the very ceiling may be agreed", () => {
    const accounts = Array.from({ length: 20 }, (_, i) => ({ platform: "market", sellerId: `shop-${i}` }));
    expect(problems({ records: ["TRANSACTIONS"], accounts, loan: LOAN })).toEqual([]);
  });

  test.each([
    ["records of what is not opened", { records: ["SETTLEMENTS"] }, "records ceiling.level BAD_USER_INPUT"],
    [
      "records that the purpose does not need",
      { records: ["IDENTITY"] },
      "records ceiling.level PURPOSE_CEILING_EXCEEDED",
    ],
    ["no accounts", { accounts: [] }, "accounts ceiling.category BAD_USER_INPUT"],
    ["an account twice", { accounts: [account, { ...account }] }, "accounts ceiling.category BAD_USER_INPUT"],
    [
      "an account without a platform",
      { accounts: [{ ...account, platform: "" }] },
      "accounts ceiling.category BAD_USER_INPUT",
    ],
    [
      "one day of monitoring too many",
      { loan: { ...LOAN, lifeDays: 1_826 } },
      "loan.lifeDays ceiling.life PURPOSE_CEILING_EXCEEDED",
    ],
    [
      "half a day of monitoring",
      { loan: { ...LOAN, lifeDays: 0.5 } },
      "loan.lifeDays ceiling.life BAD_USER_INPUT",
    ],
    [
      "one month of monitoring too many",
      { loan: { ...LOAN, lookbackMonths: 13 } },
      "loan.lookbackMonths ceiling.lookback PURPOSE_CEILING_EXCEEDED",
    ],
    [
      "monitoring of what the assessment does not open",
      { loan: { ...LOAN, categories: ["TRANSACTIONS", "REVIEWS"] } },
      "loan.categories ceiling.loan PURPOSE_CEILING_EXCEEDED",
    ],
    [
      "monitoring of records that the assessment does not open",
      {
        categories: ["SETTLEMENTS"],
        loan: { ...LOAN, categories: ["SETTLEMENTS"], records: ["SETTLEMENTS"] },
      },
      "loan.records ceiling.loan PURPOSE_CEILING_EXCEEDED",
    ],
  ] as const)("%s is refused too", (_name, over, expected) => {
    expect(problems(over as Partial<AgreedTerms>)).toEqual([expected]);
  });

  test("loan terms stand with an assessment alone", () => {
    const review = { lookbackMonths: 12, frequency: { count: 4, period: "MONTH" as const }, loan: LOAN };
    expect(problems(review, "CREDIT_LIMIT_REVIEW")).toEqual(["loan ceiling.loan PURPOSE_CEILING_EXCEEDED"]);
  });

  test("every problem is told at once", () => {
    expect(problems({ lookbackMonths: 37, categories: [], expiresAt: START })).toHaveLength(3);
  });
});

describe("usesAtMost", () => {
  const DAY_MS = 86_400_000;
  const keys: Readonly<Record<FrequencyPeriod, (day: Date) => string>> = {
    DAY: (day) => day.toISOString(),
    // Monday is the first day of the week; 1970-01-05 was one.
    WEEK: (day) => String(Math.floor((day.getTime() / DAY_MS - 4) / 7)),
    MONTH: (day) => day.toISOString().slice(0, 7),
    TOTAL: () => "",
  };

  test.each(["DAY", "WEEK", "MONTH", "TOTAL"] as const)(
    "is what a calendar of 28 years shows for %s",
    (period) => {
      for (const per of ["DAY", "WEEK", "MONTH"] as const) {
        const touched = new Map<string, Set<string>>();
        for (let ms = Date.UTC(2000, 0, 1); ms < Date.UTC(2028, 0, 1); ms += DAY_MS) {
          const day = new Date(ms);
          const inner = touched.get(keys[per](day)) ?? new Set();
          touched.set(keys[per](day), inner.add(keys[period](day)));
        }
        expect(usesAtMost({ count: 1, period }, per)).toBe(
          Math.max(...[...touched.values()].map((inner) => inner.size)),
        );
      }
    },
  );
});

describe("the rulebook", () => {
  test("gives every rule an article for each regime, and a mend where it can refuse", () => {
    for (const id of RULE_IDS) {
      const rule = CN_RULEBOOK.rules[id];
      expect(rule.article.INDIVIDUAL).not.toBe("");
      expect(rule.article.ENTERPRISE).not.toBe("");
      if (id !== "consent.granted" && id !== "own.file") expect(rule.fix).not.toBe("");
    }
  });
});
