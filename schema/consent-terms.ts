import type { Category } from "./categories.js";
import type { PlatformAccount } from "./claims.js";
import type { FrequencyPeriod, Purpose } from "./purposes.js";

/** How often a bank may ask. */
export interface Frequency {
  readonly count: number;
  readonly period: FrequencyPeriod;
}

/** What a loan's monitoring may read, agreed before the loan is granted. */
export interface AgreedLoanTerms {
  readonly categories: readonly Category[];
  /** Of `categories`: those whose single records are opened as well; absent opens none. */
  readonly records?: readonly Category[];
  readonly lookbackMonths: number;
  readonly frequency: Frequency;
  /** Days of 24 hours from the disbursal after which the monitoring ends, if the payoff has not ended it before. */
  readonly lifeDays: number;
}

/** The monitoring terms of a loan as they stand in the artefact. */
export interface LoanTerms extends AgreedLoanTerms {
  readonly purposeText: { readonly en: string; readonly zh: string };
}

/**
 * The signed artefact (授权): immutable; any change is a new version that supersedes the old one.
 * Instants are RFC 3339 UTC with milliseconds; `startsAt <= t < expiresAt`.
 */
export interface ConsentTerms {
  readonly consentId: string;
  /** 1 and up; a narrowed or replaced consent is the next version of a new id that names the old in `supersedes`. */
  readonly version: number;
  readonly supersedes?: string;
  readonly merchant: string;
  readonly bank: string;
  readonly purpose: Purpose;
  readonly purposeText: { readonly en: string; readonly zh: string };
  /** Opened as figures about many records (SUMMARY). */
  readonly categories: readonly Category[];
  /** Of `categories`: those whose single records are opened as well (RECORDS); absent opens none. */
  readonly records?: readonly Category[];
  /** The seller accounts that are opened; absent means every account that is linked to the merchant. */
  readonly accounts?: readonly PlatformAccount[];
  /** Calendar months back from the inquiry's month, the current one included. */
  readonly lookbackMonths: number;
  readonly startsAt: string;
  readonly expiresAt: string;
  readonly frequency: Frequency;
  /** From the disbursal on these terms stand in place of the ones above, for POST_LOAN_MONITORING, until the payoff. */
  readonly loan?: LoanTerms;
  /** Those who may sign for the merchant; absent where the merchant has registered none: then the grant itself signs. */
  readonly signatories?: readonly string[];
  /** How many of `signatories` must sign before the consent lives; 1 where absent. */
  readonly quorum?: number;
  readonly rulebook: string;
  readonly notice: { readonly version: string; readonly language: string; readonly sha256: string };
}

/** What happened to a consent; its state is derived from these and the clock, never stored. The first is GRANTED. */
export const CONSENT_EVENT_KINDS = [
  "GRANTED",
  "SIGNED",
  "PAUSED",
  "RESUMED",
  "DISBURSED",
  "CLOSED",
  "TERMINATED",
  "REVOKED",
  "SUPERSEDED",
] as const;
export type ConsentEventKind = (typeof CONSENT_EVENT_KINDS)[number];
export interface ConsentEvent {
  readonly kind: ConsentEventKind;
  readonly at: Date;
  /** The person who acted, where the token named one; always with SIGNED. */
  readonly signatory?: string;
  /** With DISBURSED only. `disbursedAt` is never after `at`. */
  readonly loan?: { readonly reference: string; readonly disbursedAt: Date };
}

/** Kinds that end a consent; nothing follows them. */
export const FINAL_EVENT_KINDS = ["REVOKED", "SUPERSEDED", "TERMINATED", "CLOSED"] as const;

export const CONSENT_STATES = [
  "AWAITING_SIGNATORIES",
  "SCHEDULED",
  "ACTIVE",
  "PAUSED",
  "REVOKED",
  "EXPIRED",
  "EXHAUSTED",
  "SUPERSEDED",
  "CLOSED",
  "TERMINATED",
] as const;
export type ConsentState = (typeof CONSENT_STATES)[number];

/** Where a consent with loan terms stands: before the disbursal, or after it. */
export const LOAN_STAGES = ["PRE_LOAN", "POST_LOAN"] as const;
export type LoanStage = (typeof LOAN_STAGES)[number];

/** The terms without the words that are for people: no decision rests on those. */
export type DecisiveTerms = Omit<ConsentTerms, "purposeText" | "notice">;

/** A consent as the ledger holds it. */
export interface LedgerConsent {
  readonly terms: DecisiveTerms;
  readonly events: readonly ConsentEvent[];
  /** Inquiries already counted under the terms in force, in the period that holds the ledger's `now`. */
  readonly used: number;
}
