import type { Purpose, PurposeCeiling } from "./purposes.js";
import type { Regime } from "./uscc.js";

/** The rules that a consent decision can rest on; each allow and each deny names exactly one. */
export const RULE_IDS = [
  "token.details",
  "ceiling.purpose",
  "ceiling.category",
  "ceiling.lookback",
  "ceiling.life",
  "ceiling.frequency",
  "consent.required",
  "consent.started",
  "consent.paused",
  "consent.revoked",
  "consent.superseded",
  "consent.expired",
  "consent.frequency",
  "consent.purpose",
  "consent.category",
  "consent.granted",
  "request.cooldown",
  "own.file",
] as const;
export type RuleId = (typeof RULE_IDS)[number];

/** One rule: what it says, where the law says it for each regime, and what the asker can do about a refusal. */
export interface Rule {
  readonly text: string;
  /** A sole trader is a natural person; every other merchant is an enterprise. */
  readonly article: Readonly<Record<Regime, string>>;
  readonly fix: string;
}

/** The notice that a merchant is shown before it consents (个人信息保护法 第十七条、第二十三条). */
export interface ConsentNotice {
  readonly version: string;
  readonly language: "zh-CN";
  readonly text: string;
}

/** The rules in force, as versioned data. A change of any value is a new version. */
export interface Rulebook {
  readonly version: string;
  readonly rules: Readonly<Record<RuleId, Rule>>;
  readonly ceilings: Readonly<Record<Purpose, PurposeCeiling>>;
  readonly request: {
    /** A request that nobody answers lapses after so many days of 24 hours. */
    readonly pendingDays: number;
    /** After a denial the bank may not ask again for the same purpose for so many days of 24 hours. */
    readonly cooldownDays: number;
  };
  readonly notice: ConsentNotice;
}
