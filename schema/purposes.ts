import type { Category } from "./categories.js";

/** Why a bank asks (用途). A consent names exactly one. */
export const PURPOSES = [
  "PRE_LOAN_ASSESSMENT",
  "CREDIT_LIMIT_REVIEW",
  "POST_LOAN_MONITORING",
  "RECEIVABLES_FINANCING",
  "SUPPLY_CHAIN_FINANCE",
  "GUARANTEE_REVIEW",
  "COLLECTION",
  "FRAUD_PREVENTION",
  "OWN_QUERY",
] as const;
export type Purpose = (typeof PURPOSES)[number];

/** The most that a consent for a purpose may open (最小必要, 征信业务管理办法 第七条). */
export interface PurposeCeiling {
  readonly text: { readonly en: string; readonly zh: string };
  readonly categories: readonly Category[];
  /** Of `categories`: those whose single records may be opened, because figures alone cannot serve the purpose. */
  readonly records: readonly Category[];
  /** True where a consent may carry a loan's monitoring terms, which stand in its place once the loan is disbursed. */
  readonly hasLoanStages: boolean;
  /** Longest life of a consent, in days from its start. */
  readonly lifeDaysMax: number;
  /** How far back the data may reach, in calendar months, the current one included. */
  readonly lookbackMonthsMax: number;
  /** Most inquiries that may be agreed per period. */
  readonly frequencyMax: { readonly count: number; readonly period: FrequencyPeriod };
}

/** Calendar periods in Asia/Shanghai; `TOTAL` is the whole life of the consent. */
export const FREQUENCY_PERIODS = ["DAY", "WEEK", "MONTH", "TOTAL"] as const;
export type FrequencyPeriod = (typeof FREQUENCY_PERIODS)[number];

const PROFILE: readonly Category[] = [
  "IDENTITY",
  "TRANSACTIONS",
  "SETTLEMENTS",
  "LOGISTICS",
  "REVIEWS",
  "SOCIAL",
  "FINANCING",
  "ASSESSMENT",
];

interface CeilingForm {
  readonly en: string;
  readonly zh: string;
  readonly categories?: readonly Category[];
  readonly records?: readonly Category[];
  readonly hasLoanStages?: boolean;
  readonly lifeDaysMax: number;
  readonly lookbackMonthsMax: number;
  readonly uses: readonly [count: number, period: FrequencyPeriod];
}

function ceiling(form: CeilingForm): PurposeCeiling {
  const { en, zh, categories = PROFILE, lifeDaysMax, lookbackMonthsMax, uses } = form;
  return {
    text: { en, zh },
    categories,
    records: form.records ?? [],
    hasLoanStages: form.hasLoanStages ?? false,
    lifeDaysMax,
    lookbackMonthsMax,
    frequencyMax: { count: uses[0], period: uses[1] },
  };
}

const TRADE: readonly Category[] = ["IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "LOGISTICS", "FINANCING"];
/** What is sold, paid out and delivered: what a bank checks one by one before it lends on it. */
const TRADE_RECORDS: readonly Category[] = ["TRANSACTIONS", "SETTLEMENTS", "LOGISTICS"];

/** Ceilings by purpose; the fixed text is part of the consent artefact and may not be edited. */
export const PURPOSE_CEILINGS: Readonly<Record<Purpose, PurposeCeiling>> = {
  PRE_LOAN_ASSESSMENT: ceiling({
    en: "Assessment of a loan application",
    zh: "贷款审批",
    // A loan is granted on turnover, payouts and debts that are checked item by item; opinions are enough as figures.
    records: [...TRADE_RECORDS, "FINANCING"],
    hasLoanStages: true,
    lifeDaysMax: 90,
    lookbackMonthsMax: 36,
    uses: [30, "MONTH"],
  }),
  CREDIT_LIMIT_REVIEW: ceiling({
    en: "Review of a credit limit",
    zh: "授信额度复核",
    // A standing limit is reviewed by its figures.
    lifeDaysMax: 365,
    lookbackMonthsMax: 24,
    uses: [4, "MONTH"],
  }),
  POST_LOAN_MONITORING: ceiling({
    en: "Monitoring of a granted loan",
    zh: "贷后管理",
    // Payouts repay the loan: one that goes elsewhere shows in the single record only.
    records: ["SETTLEMENTS"],
    lifeDaysMax: 1_825,
    lookbackMonthsMax: 12,
    uses: [31, "MONTH"],
  }),
  RECEIVABLES_FINANCING: ceiling({
    en: "Financing of receivables",
    zh: "应收账款融资",
    categories: TRADE,
    // Each receivable is bought for itself.
    records: TRADE_RECORDS,
    lifeDaysMax: 365,
    lookbackMonthsMax: 24,
    uses: [31, "MONTH"],
  }),
  SUPPLY_CHAIN_FINANCE: ceiling({
    en: "Supply-chain finance",
    zh: "供应链金融",
    categories: TRADE,
    records: TRADE_RECORDS,
    lifeDaysMax: 365,
    lookbackMonthsMax: 24,
    uses: [31, "MONTH"],
  }),
  GUARANTEE_REVIEW: ceiling({
    en: "Review of a guarantor",
    zh: "担保资格审查",
    categories: ["IDENTITY", "TRANSACTIONS", "FINANCING", "ASSESSMENT"],
    // A guarantor answers with its standing, not with single sales.
    lifeDaysMax: 90,
    lookbackMonthsMax: 24,
    uses: [4, "MONTH"],
  }),
  COLLECTION: ceiling({
    en: "Collection of an overdue loan",
    zh: "逾期催收",
    categories: ["IDENTITY", "FINANCING"],
    // The debt is the bank's own; whom the merchant sells to is none of its collection.
    lifeDaysMax: 365,
    lookbackMonthsMax: 12,
    uses: [4, "MONTH"],
  }),
  FRAUD_PREVENTION: ceiling({
    en: "Prevention of fraud",
    zh: "反欺诈",
    categories: ["IDENTITY", "TRANSACTIONS", "LOGISTICS", "REVIEWS"],
    // Invented sales show in single orders, parcels and reviews, never in their sums.
    records: ["TRANSACTIONS", "LOGISTICS", "REVIEWS"],
    lifeDaysMax: 365,
    lookbackMonthsMax: 12,
    uses: [31, "MONTH"],
  }),
  OWN_QUERY: ceiling({
    en: "The merchant reads its own file",
    zh: "本人查询",
    records: PROFILE,
    lifeDaysMax: 0,
    lookbackMonthsMax: 60,
    uses: [0, "TOTAL"],
  }),
};
