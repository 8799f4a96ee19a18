import type { Purpose, PurposeCeiling } from "./purposes.js";
import type { Regime } from "./uscc.js";

/** The rules that a consent decision can rest on; each allow and each deny names exactly one. */
export const RULE_IDS = [
  "token.details",
  "token.privileges",
  "ceiling.purpose",
  "ceiling.category",
  "ceiling.level",
  "ceiling.lookback",
  "ceiling.life",
  "ceiling.frequency",
  "ceiling.loan",
  "consent.required",
  "consent.signatories",
  "consent.started",
  "consent.paused",
  "consent.revoked",
  "consent.superseded",
  "consent.closed",
  "consent.terminated",
  "consent.expired",
  "consent.frequency",
  "consent.purpose",
  "consent.category",
  "consent.level",
  "consent.granted",
  "request.cooldown",
  "request.pending",
  "signatory.registered",
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
    /** Most requests of one bank to one merchant that may be pending at once. */
    readonly pendingMax: number;
  };
  readonly notice: ConsentNotice;
}
