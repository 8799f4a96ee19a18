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
  "IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "LOGISTICS", "REVIEWS", "SOCIAL", "FINANCING", "ASSESSMENT",
];

function ceiling(
  en: string, zh: string, categories: readonly Category[], lifeDaysMax: number, lookbackMonthsMax: number,
  count: number, period: FrequencyPeriod,
): PurposeCeiling {
  return { text: { en, zh }, categories, lifeDaysMax, lookbackMonthsMax, frequencyMax: { count, period } };
}

/** Ceilings by purpose; the fixed text is part of the consent artefact and may not be edited. */
export const PURPOSE_CEILINGS: Readonly<Record<Purpose, PurposeCeiling>> = {
  PRE_LOAN_ASSESSMENT: ceiling("Assessment of a loan application", "贷款审批", PROFILE, 90, 36, 30, "MONTH"),
  CREDIT_LIMIT_REVIEW: ceiling("Review of a credit limit", "授信额度复核", PROFILE, 365, 24, 4, "MONTH"),
  POST_LOAN_MONITORING: ceiling("Monitoring of a granted loan", "贷后管理", PROFILE, 1825, 12, 31, "MONTH"),
  RECEIVABLES_FINANCING: ceiling(
    "Financing of receivables", "应收账款融资",
    ["IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "LOGISTICS", "FINANCING"], 365, 24, 31, "MONTH",
  ),
  SUPPLY_CHAIN_FINANCE: ceiling(
    "Supply-chain finance", "供应链金融",
    ["IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "LOGISTICS", "FINANCING"], 365, 24, 31, "MONTH",
  ),
  GUARANTEE_REVIEW: ceiling(
    "Review of a guarantor", "担保资格审查", ["IDENTITY", "TRANSACTIONS", "FINANCING", "ASSESSMENT"], 90, 24, 4, "MONTH",
  ),
  COLLECTION: ceiling("Collection of an overdue loan", "逾期催收", ["IDENTITY", "FINANCING"], 365, 12, 4, "MONTH"),
  FRAUD_PREVENTION: ceiling(
    "Prevention of fraud", "反欺诈", ["IDENTITY", "TRANSACTIONS", "LOGISTICS", "REVIEWS"], 365, 12, 31, "MONTH",
  ),
  OWN_QUERY: ceiling("The merchant reads its own file", "本人查询", PROFILE, 0, 60, 0, "TOTAL"),
};
